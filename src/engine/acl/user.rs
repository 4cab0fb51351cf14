//! A user: passwords and selectors, and the words of ACL SETUSER that change them.

use super::selector::{Complaint, SYNTAX, Selector};
use super::{Denial, Request, sha256};
use crate::error::Error;
use alloc::borrow::Cow;
use alloc::vec::Vec;

const NOT_A_DIGEST: Complaint =
    "The password hash must be exactly 64 characters and contain only lowercase hexadecimal characters";
const NO_SUCH_PASSWORD: Complaint = "The password you are trying to remove from the user does not exist";

type Digest = [u8; 64];

#[derive(Clone, Debug)]
pub(crate) struct User {
    enabled: bool,
    /// Any password will do.
    open: bool,
    /// Whether RESTORE looks closely at what this user brings. Ours always does; the word is kept and shown.
    sanitizes: bool,
    passwords: Vec<Digest>,
    /// The first one is what rules outside of parentheses change.
    selectors: Vec<Selector>,
}

impl User {
    /// A new user, who may not even connect.
    pub(crate) fn new(all_channels: bool) -> User {
        User {
            enabled: false,
            open: false,
            sanitizes: true,
            passwords: Vec::new(),
            selectors: Vec::from([Selector::new(all_channels)]),
        }
    }

    /// The default user, as every server begins with.
    pub(super) fn unrestricted() -> User {
        let selectors = Vec::from([Selector::unrestricted()]);
        User { enabled: true, open: true, sanitizes: true, passwords: Vec::new(), selectors }
    }

    pub(super) fn set_only_password(&mut self, password: &[u8]) {
        self.passwords.clear();
        self.open = password.is_empty();
        if !self.open {
            self.passwords.push(sha256::hexadecimal(password));
        }
    }

    /// Obeys the words of ACL SETUSER, of which all have to be right.
    pub(crate) fn obey(&self, words: &[&[u8]], all_channels: bool) -> Result<User, Error> {
        let mut user = self.clone();
        for modifier in joined(words)? {
            user.apply(&modifier, all_channels).map_err(|complaint| {
                // Redis shows it as a C string.
                let shown = modifier.split(|&byte| byte == 0).next().unwrap_or_default();
                Error::text(&[b"ERR Error in ACL SETUSER modifier '", shown, b"': ", complaint.as_bytes()])
            })?;
        }
        Ok(user)
    }

    fn apply(&mut self, modifier: &[u8], all_channels: bool) -> Result<(), Complaint> {
        let is = |word: &str| modifier.eq_ignore_ascii_case(word.as_bytes());
        if modifier.is_empty() {
        } else if is("on") {
            self.enabled = true;
        } else if is("off") {
            self.enabled = false;
        } else if is("nopass") {
            self.open = true;
            self.passwords.clear();
        } else if is("resetpass") {
            self.open = false;
            self.passwords.clear();
        } else if is("sanitize-payload") {
            self.sanitizes = true;
        } else if is("skip-sanitize-payload") {
            self.sanitizes = false;
        } else if is("clearselectors") {
            self.selectors.truncate(1);
        } else if is("reset") {
            *self = User::new(all_channels);
        } else {
            match modifier.split_first() {
                Some((b'>', password)) => self.add_password(sha256::hexadecimal(password)),
                Some((b'#', digest)) => self.add_password(read_digest(digest)?),
                Some((b'<', password)) => self.remove_password(sha256::hexadecimal(password))?,
                Some((b'!', digest)) => self.remove_password(read_digest(digest)?)?,
                Some((b'(', rest)) => {
                    let rules = rest.strip_suffix(b")").ok_or(SYNTAX)?;
                    let mut selector = Selector::new(all_channels);
                    for rule in rules.split(|&byte| byte == b' ').filter(|rule| !rule.is_empty()) {
                        selector.apply(rule)?;
                    }
                    self.selectors.push(selector);
                }
                _ => self.selectors[0].apply(modifier)?,
            }
        }
        Ok(())
    }

    fn add_password(&mut self, digest: Digest) {
        self.open = false;
        if !self.passwords.contains(&digest) {
            self.passwords.push(digest);
        }
    }

    fn remove_password(&mut self, digest: Digest) -> Result<(), Complaint> {
        let at = self.passwords.iter().position(|known| *known == digest).ok_or(NO_SUCH_PASSWORD)?;
        self.passwords.remove(at);
        Ok(())
    }

    // ---- what it is shown as ----

    pub(crate) fn flags(&self) -> impl Iterator<Item = &'static str> {
        let enabled = if self.enabled { "on" } else { "off" };
        let open = self.open.then_some("nopass");
        let sanitizes = if self.sanitizes { "sanitize-payload" } else { "skip-sanitize-payload" };
        [Some(enabled), open, Some(sanitizes)].into_iter().flatten()
    }

    pub(crate) fn passwords(&self) -> &[Digest] {
        &self.passwords
    }

    pub(crate) fn root(&self) -> &Selector {
        &self.selectors[0]
    }

    pub(crate) fn further_selectors(&self) -> &[Selector] {
        &self.selectors[1..]
    }

    /// The line of ACL LIST.
    pub(crate) fn describe(&self, name: &[u8]) -> Vec<u8> {
        let mut line = [b"user ", name].concat();
        for flag in self.flags() {
            line.push(b' ');
            line.extend_from_slice(flag.as_bytes());
        }
        for digest in &self.passwords {
            line.extend_from_slice(b" #");
            line.extend_from_slice(digest);
        }
        line.push(b' ');
        line.extend(self.root().describe());
        for selector in self.further_selectors() {
            line.extend_from_slice(b" (");
            line.extend(selector.describe());
            line.push(b')');
        }
        line
    }

    // ---- who it is and what it may ----

    pub(super) fn is_proved_by(&self, password: &[u8]) -> bool {
        self.enabled && (self.open || self.passwords.contains(&sha256::hexadecimal(password)))
    }

    pub(super) fn has_no_password(&self) -> bool {
        self.open
    }

    pub(super) fn lets_everybody_in(&self) -> bool {
        self.enabled && self.open
    }

    pub(super) fn may_do_everything(&self) -> bool {
        self.selectors.iter().any(Selector::is_unrestricted)
    }

    /// What of a request is not allowed: what the selector that came furthest stumbled over.
    pub(crate) fn judge(&self, request: &Request) -> Result<(), Denial> {
        let mut furthest = Denial::Command;
        for selector in &self.selectors {
            match selector.judge(request) {
                Ok(()) => return Ok(()),
                Err(denial) => furthest = furthest.max(denial),
            }
        }
        Err(furthest)
    }

    pub(super) fn hears(&self, channel: &[u8], is_pattern: bool) -> bool {
        self.selectors.iter().any(|selector| selector.hears(channel, is_pattern))
    }

    pub(super) fn runs_with_all_keys(&self, request: &Request) -> bool {
        self.selectors.iter().any(|selector| selector.reads_all_keys() && selector.judge(request).is_ok())
    }
}

/// The modifiers of ACL SETUSER: what stands in parentheses may have come as several words.
fn joined<'a>(words: &[&'a [u8]]) -> Result<Vec<Cow<'a, [u8]>>, Error> {
    let mut modifiers: Vec<Cow<[u8]>> = Vec::new();
    let mut words = words.iter();
    while let Some(&word) = words.next() {
        let mut modifier = Cow::Borrowed(word);
        if word.starts_with(b"(") {
            while !modifier.ends_with(b")") {
                let more = words.next().ok_or_else(|| {
                    Error::text(&[b"ERR Unmatched parenthesis in acl selector starting at '", word, b"'."])
                })?;
                let modifier = modifier.to_mut();
                modifier.push(b' ');
                modifier.extend_from_slice(more);
            }
        }
        modifiers.push(modifier);
    }
    Ok(modifiers)
}

fn read_digest(text: &[u8]) -> Result<Digest, Complaint> {
    let digits = |text: &Digest| text.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    text.try_into().ok().filter(digits).ok_or(NOT_A_DIGEST)
}
