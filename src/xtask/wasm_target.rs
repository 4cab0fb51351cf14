//! The standard library for wasm32-unknown-unknown.
//!
//! Ordinarily rustup downloads it. Where its servers cannot be reached, it is built from Debian's `rust-src` package of
//! exactly this compiler version, whichever of Debian's suites has it: downloaded through the source that the machine's
//! apt already uses, with apt state of its own, so that nothing of the machine's is touched. The build is the one that
//! Rust's own bootstrap makes. Its files go where rustup would have put them, with a note beside them, so that plain
//! `cargo build --target` finds them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::{Outcome, places, run};

const TARGET: &str = "wasm32-unknown-unknown";
const NAME: &str = "target wasm32";
const SUITES: [&str; 7] =
    ["trixie-backports", "trixie", "forky", "sid", "experimental", "bookworm-backports", "bookworm"];
const KEYRING: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";

pub fn ensure() -> Outcome {
    let work = places::target().join("xtask/wasm-target");
    fs::create_dir_all(&work).map_err(|e| format!("cannot create {}: {e}", work.display()))?;
    let toolchain = Toolchain::active(&work)?;
    if toolchain.works() {
        run::ready(NAME, "ready");
        return Ok(());
    }
    // What was built here for another compiler would clash with rustup's files.
    if toolchain.note().is_file() {
        fs::remove_dir_all(toolchain.dir()).ok();
    }
    let Err(by_rustup) = toolchain.add_by_rustup() else { return Ok(()) };
    if toolchain.dir().exists() {
        return Err(format!("{} is there and does not work\n{by_rustup}", toolchain.dir().display()));
    }
    run::ready(NAME, "not to be had from rustup; building it from Debian's rust-src");
    let built = toolchain.build_from_debian();
    fs::remove_dir_all(&work).ok();
    built.map_err(|by_debian| {
        format!(
            "the target {TARGET} is missing.\nBy rustup: {by_rustup}\nFrom Debian's rust-src: {by_debian}\n\n\
             By hand: rustup target add {TARGET}"
        )
    })
}

struct Toolchain {
    sysroot: PathBuf,
    version: String,
    work: PathBuf,
}

impl Toolchain {
    fn active(work: &Path) -> Outcome<Toolchain> {
        let sysroot = run::answer(Command::new("rustc").args(["--print", "sysroot"])).ok_or("rustc is not on PATH")?;
        let about = run::answer(Command::new("rustc").arg("-vV")).unwrap_or_default();
        let version = about.lines().find_map(|line| line.strip_prefix("release: ")).unwrap_or_default().to_owned();
        Ok(Toolchain { sysroot: sysroot.into(), version, work: work.to_path_buf() })
    }

    fn dir(&self) -> PathBuf {
        self.sysroot.join("lib/rustlib").join(TARGET)
    }

    fn note(&self) -> PathBuf {
        self.dir().join("built-from-source")
    }

    /// The toolchain's own program: no rustup proxy that could want to download something.
    fn program(&self, name: &str) -> Command {
        let mut command = Command::new(self.sysroot.join("bin").join(name));
        for variable in [
            "RUSTFLAGS",
            "CARGO_ENCODED_RUSTFLAGS",
            "CARGO_BUILD_TARGET",
            "RUSTC_WRAPPER",
            "RUSTC_WORKSPACE_WRAPPER",
            "RUSTC",
        ] {
            command.env_remove(variable);
        }
        command.env("PATH", places::path_with(&[self.sysroot.join("bin")]));
        command
    }

    fn works(&self) -> bool {
        self.probe().is_ok()
    }

    /// Compiles a program that needs std, alloc, the panic runtime and the linker.
    fn probe(&self) -> Outcome {
        let probe = self.work.join("probe.rs");
        let text = "fn main() { println!(\"{:?}\", std::env::args().collect::<Vec<_>>()); }\n";
        fs::write(&probe, text).map_err(|e| format!("cannot write {}: {e}", probe.display()))?;
        let mut rustc = self.program("rustc");
        rustc.args(["--edition", "2024", "--target", TARGET, "-o"]).arg(self.work.join("probe.wasm")).arg(&probe);
        let output = rustc.output().map_err(|e| format!("cannot run rustc: {e}"))?;
        if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stderr).trim().to_owned()) }
    }

    fn add_by_rustup(&self) -> Outcome {
        if places::on_path(&["rustup"]).is_none() {
            return Err("there is no rustup".to_owned());
        }
        let name = self.sysroot.file_name().unwrap_or_default();
        let mut add = Command::new("rustup");
        add.args(["target", "add", TARGET, "--toolchain"]).arg(name);
        run::step(NAME, "rustup target add", &mut add, Some(Duration::from_mins(2)))?;
        self.probe().map_err(|why| format!("it was added and does not work: {why}"))
    }

    fn build_from_debian(&self) -> Outcome {
        for tool in ["apt-get", "apt-cache", "dpkg-deb", "tar"] {
            places::on_path(&[tool]).ok_or_else(|| format!("it needs {tool}"))?;
        }
        let library = self.fetch_library()?;
        let out = self.work.join("build");
        let mut build = self.program("cargo");
        build
            .current_dir(&library)
            .args(["build", "--release", "--target", TARGET, "--manifest-path", "sysroot/Cargo.toml"])
            .args(["--features", "panic-unwind,backtrace"])
            .env("RUSTC_BOOTSTRAP", "1")
            .env("CARGO_TARGET_DIR", &out)
            .env("CARGO_PROFILE_RELEASE_DEBUG", "0")
            .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "1")
            .env("RUSTFLAGS", "-Zforce-unstable-if-unmarked -Cembed-bitcode=yes");
        if library.join("Cargo.lock").is_file() {
            build.arg("--locked");
        }
        run::step(NAME, "compiling the standard library", &mut build, None)?;
        self.install(&out.join(TARGET).join("release/deps"))?;
        self.probe().map_err(|why| {
            fs::remove_dir_all(self.dir()).ok();
            format!("the standard library was built and does not work: {why}")
        })
    }

    fn install(&self, built: &Path) -> Outcome {
        let lib = self.dir().join("lib");
        let fail = |e: std::io::Error| format!("cannot install into {}: {e}", lib.display());
        fs::create_dir_all(&lib).map_err(fail)?;
        for entry in fs::read_dir(built).map_err(fail)?.flatten() {
            if entry.path().extension().is_some_and(|extension| extension == "rlib") {
                fs::copy(entry.path(), lib.join(entry.file_name())).map_err(fail)?;
            }
        }
        let note = format!(
            "Built for rustc {} from Debian's rust-src. Delete this folder before `rustup target add`.\n",
            self.version
        );
        fs::write(self.note(), note).map_err(fail)
    }

    /// Downloads and unpacks the sources; gives the folder `library` in them.
    fn fetch_library(&self) -> Outcome<PathBuf> {
        let apt = PrivateApt::prepare(&self.work.join("apt"))?;
        let mut update = apt.command("apt-get");
        // A suite that does not exist is no failure: what counts is whether the package is found.
        run::step("Debian's package lists", "apt-get update", update.arg("update"), Some(Duration::from_mins(5))).ok();
        let listing = run::answer(apt.command("apt-cache").args(["madison", "rust-src"])).unwrap_or_default();
        let wanted = format!("{}+", self.version);
        let package = listing
            .lines()
            .filter_map(|line| line.split('|').nth(1))
            .map(str::trim)
            .find(|version| version.starts_with(&wanted))
            .ok_or_else(|| format!("no suite of Debian has rust-src {}", self.version))?;

        let mut download = apt.command("apt-get");
        download.current_dir(&self.work).arg("download").arg(format!("rust-src={package}"));
        run::step(&format!("rust-src {package}"), "apt-get download", &mut download, Some(Duration::from_mins(10)))?;
        let archive = entries(&self.work)
            .find(|file| file.file_name().is_some_and(|name| name.to_string_lossy().starts_with("rust-src_")))
            .ok_or("the package was not downloaded")?;
        let sources = self.work.join("src");
        run::step("rust-src", "unpacking", Command::new("dpkg-deb").arg("-x").arg(&archive).arg(&sources), None)?;
        entries(&sources.join("usr/src"))
            .map(|dir| dir.join("library"))
            .find(|library| library.join("sysroot/Cargo.toml").is_file())
            .ok_or_else(|| format!("rust-src {package} has no library/sysroot"))
    }
}

fn entries(dir: &Path) -> impl Iterator<Item = PathBuf> {
    fs::read_dir(dir).into_iter().flatten().flatten().map(|entry| entry.path())
}

/// apt with sources, lists and cache of its own, over the mirror that the machine uses.
struct PrivateApt {
    dir: PathBuf,
}

impl PrivateApt {
    fn prepare(dir: &Path) -> Outcome<PrivateApt> {
        let fail = |e: std::io::Error| format!("cannot write in {}: {e}", dir.display());
        for folder in ["lists/partial", "cache/archives/partial", "parts"] {
            fs::create_dir_all(dir.join(folder)).map_err(fail)?;
        }
        let mirror = mirror().ok_or("no Debian source is configured")?;
        let signed = if Path::new(KEYRING).is_file() { format!("Signed-By: {KEYRING}\n") } else { String::new() };
        let stanza =
            |suite: &&str| format!("Types: deb\nURIs: {mirror}\nSuites: {suite}\nComponents: main\n{signed}\n");
        let sources = SUITES.iter().map(stanza).collect::<Vec<_>>().concat();
        fs::write(dir.join("sources.list"), "").map_err(fail)?;
        fs::write(dir.join("parts/debian.sources"), sources).map_err(fail)?;
        Ok(PrivateApt { dir: dir.to_path_buf() })
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        let at = |key: &str, place: &str| format!("{key}={}", self.dir.join(place).display());
        let places = [
            at("Dir::Etc::sourcelist", "sources.list"),
            at("Dir::Etc::sourceparts", "parts"),
            at("Dir::State::lists", "lists"),
            at("Dir::Cache", "cache"),
        ];
        let settings = [
            "Acquire::Languages=none",
            "Acquire::Retries=3",
            "Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false",
            "Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled=false",
            "APT::Sandbox::User=root",
            "APT::Update::Post-Invoke-Success::=",
            "Debug::NoLocking=true",
        ];
        for setting in places.iter().map(String::as_str).chain(settings) {
            command.args(["-o", setting]);
        }
        command
    }
}

/// The address of the machine's own Debian mirror, from apt's configuration.
fn mirror() -> Option<String> {
    let files = entries(Path::new("/etc/apt/sources.list.d")).chain([PathBuf::from("/etc/apt/sources.list")]);
    let text: String = files.filter_map(|file| fs::read_to_string(file).ok()).collect::<Vec<_>>().join("\n");
    mirror_in(&text)
}

fn mirror_in(sources: &str) -> Option<String> {
    let lines = sources.lines().map(str::trim).filter(|line| line.starts_with("URIs:") || line.starts_with("deb "));
    let mut words = lines.flat_map(str::split_whitespace);
    words.find(|word| word.contains("://") && word.trim_end_matches('/').ends_with("/debian")).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::mirror_in;

    #[test]
    fn the_mirror_is_found_in_both_formats_of_apt_sources() {
        let new = "Types: deb\nURIs: http://mirror.example/debian-security\nSuites: a\n\nTypes: deb\nURIs: http://mirror.example/debian/\n";
        assert_eq!(mirror_in(new).as_deref(), Some("http://mirror.example/debian/"));
        let old = "# deb http://no.example/debian x\ndeb [signed-by=/k.gpg] http://mirror.example/debian trixie main\n";
        assert_eq!(mirror_in(old).as_deref(), Some("http://mirror.example/debian"));
        assert_eq!(mirror_in("deb http://mirror.example/ubuntu noble main"), None);
    }
}
