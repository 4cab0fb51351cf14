//! The release page: trunk's build, finished into a static site.
//!
//! Trunk compiles, binds and names files by their content. What remains is done here: the stylesheets become one; every lesson
//! becomes a page of its own and the first one stands in the index, so that it can be read before the program has loaded; the
//! program is cut into what a first visit needs and the rest (`split/mod.rs`), and both are optimised; inline scripts move
//! into files of their own, so that the page can forbid inline code altogether; the content security policy goes into
//! the head (not in development, where trunk's reloader is inline); every file gets its compressed twins.
//! All addresses are relative, so the site works under any path.
//!
//! What a visitor waits for is the lesson's text: one page, one stylesheet, one small script. The program is fetched when the text has
//! been painted (`Trunk.toml`), and what it paints instead lies in the same place and has the same size, so it is no later
//! *largest contentful paint* than the one that was there to be read (a journey holds this).

use std::fs;
use std::hash::{DefaultHasher, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use crate::split::{self, Rules};
use crate::{Outcome, places, run, setup, sizes};

/// `wasm-unsafe-eval` lets WebAssembly compile (and nothing else evaluate); style attributes carry the figures that
/// rings and bars are drawn from.
const POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; \
    style-src-attr 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; manifest-src 'self'; \
    worker-src blob:; base-uri 'none'; form-action 'none'";

pub fn trunk() -> Command {
    let mut trunk = Command::new("trunk");
    trunk.env("PATH", places::path_with(&setup::tool_dirs()));
    // Trunk reads NO_COLOR as a boolean of its own and refuses the usual `1`.
    trunk.env_remove("NO_COLOR");
    trunk
}

/// Builds the site into dist/ and holds it against the budget.
pub fn dist() -> Outcome {
    build()?;
    sizes::report(&places::dist())
}

pub fn build() -> Outcome {
    println!("page");
    fs::remove_dir_all(places::dist()).ok();
    let mut build = trunk();
    build.args(["build", "--release", "--locked", "--cargo-profile", "wasm", "--dist"]).arg(places::dist());
    run::step("dist/", "trunk build, profile wasm", &mut build, None)?;
    gather_styles(&places::dist())?;
    // The lessons as text in the page itself and as pages of their own.
    let mut pages = run::cargo();
    pages
        .args(["run", "--locked", "-p", "course", "--features", "compile", "--bin", "pages", "--"])
        .arg(places::dist());
    run::step("lessons", "as plain pages", &mut pages, None)?;
    divide(&places::dist())?;
    finish(&places::dist())?;
    let mut compress = Command::new(setup::node_binary());
    compress.arg(places::root().join("src/xtask/compress.mjs")).arg(places::dist()).arg(places::compressed());
    run::step("compressed twins", "brotli and gzip", &mut compress, None)
}

/// Makes one stylesheet of all: nothing is painted before the last of them has come, and together they compress better.
fn gather_styles(dist: &Path) -> Outcome {
    let index = dist.join("index.html");
    let html = String::from_utf8_lossy(&read(&index)?).into_owned();
    let (mut page, names) = without_styles(&html);
    let mut styles = String::new();
    for name in &names {
        let path = dist.join(name);
        styles += &without_notes(&String::from_utf8_lossy(&read(&path)?));
        fs::remove_file(&path).map_err(|e| format!("cannot remove {name}: {e}"))?;
    }
    let name = format!("style-{:016x}.css", hash(styles.as_bytes()));
    let at = page.find("<script").ok_or("index.html has no script")?;
    page.insert_str(at, &format!("<link rel=\"stylesheet\" href=\"./{name}\">\n    "));
    fs::write(dist.join(&name), styles).map_err(|e| format!("cannot write dist/{name}: {e}"))?;
    fs::write(&index, page).map_err(|e| format!("cannot write {}: {e}", index.display()))
}

/// A stylesheet without comments, indentation and empty lines. (No text in ours holds the beginning of a comment.)
fn without_notes(styles: &str) -> String {
    let (mut bare, mut rest) = (String::with_capacity(styles.len()), styles);
    while let Some((before, after)) = rest.split_once("/*") {
        bare.push_str(before);
        rest = after.split_once("*/").map_or("", |(_, after)| after);
    }
    bare.push_str(rest);
    bare.lines().map(str::trim).filter(|line| !line.is_empty()).flat_map(|line| [line, "\n"]).collect()
}

/// The page without its stylesheets, and the names of these.
fn without_styles(html: &str) -> (String, Vec<String>) {
    let (mut page, mut names) = (String::with_capacity(html.len()), Vec::new());
    for line in html.split_inclusive('\n') {
        let sheet = line.trim_start().strip_prefix("<link rel=\"stylesheet\" href=\"./");
        match sheet.and_then(|rest| rest.split_once('"')) {
            Some((name, _)) => names.push(name.to_owned()),
            None => page.push_str(line),
        }
    }
    (page, names)
}

/// Cuts the program in two (see `split/mod.rs`), optimises both halves, and names them by what they hold.
fn divide(dist: &Path) -> Outcome {
    let started = Instant::now();
    let write =
        |path: &Path, bytes: &[u8]| fs::write(path, bytes).map_err(|e| format!("cannot write {}: {e}", path.display()));
    let bound = only(dist, "_bg.wasm")?;
    let halves = split::split(&read(&linked())?, &read(&dist.join(&bound))?, &rules()?)?;
    if !halves.idle.is_empty() {
        return Err(format!("src/web/later.txt names what does not exist: {}", halves.idle.join(", ")));
    }
    let work = work()?;
    let mut names = Vec::new();
    for (half, bytes) in [("_bg.wasm", &halves.first), ("_later.wasm", &halves.later)] {
        let (plain, small) = (work.join("half.wasm"), work.join("half.small.wasm"));
        write(&plain, bytes)?;
        optimise(&plain, &small, half.trim_start_matches('_'))?;
        let bytes = read(&small)?;
        let name = format!("web-{:016x}{half}", hash(&bytes));
        write(&dist.join(&name), &bytes)?;
        names.push(name);
    }
    let [first, later] = names.as_slice() else { return Err("a program has two halves".to_owned()) };
    if *first != bound {
        fs::remove_file(dist.join(&bound)).map_err(|e| format!("cannot remove {bound}: {e}"))?;
    }
    // The script changes with what stays, and browsers keep files named by their content: it gets the name of what it is now.
    let bound_script = only(dist, ".js")?;
    let text = String::from_utf8_lossy(&read(&dist.join(&bound_script))?).into_owned();
    let text = with_short_names(&text, &halves.renamed)?;
    let script = format!("web-{:016x}.js", hash(text.as_bytes()));
    fs::remove_file(dist.join(&bound_script)).map_err(|e| format!("cannot remove {bound_script}: {e}"))?;
    write(&dist.join(&script), text.as_bytes())?;
    let index = dist.join("index.html");
    let html = fs::read_to_string(&index).map_err(|e| format!("cannot read {}: {e}", index.display()))?;
    let html = html.replace(&bound, first).replace(&bound_script, &script);
    let html = html.replacen("<html ", &format!("<html data-later=\"./{later}\" "), 1);
    write(&index, html.as_bytes())?;
    let ((stay, go), (here, there, nowhere)) = (halves.functions, halves.data);
    let what = format!(
        "{stay} functions stay, {go} go; of the data {here} bytes stay, {there} go, {nowhere} are dropped ({})",
        run::seconds(started)
    );
    run::ready("split", &what);
    Ok(())
}

/// wasm-bindgen's script with new names for the functions that it hands to the program, and without its indentation.
fn with_short_names(script: &str, renamed: &[(String, String)]) -> Outcome<String> {
    let mut script: String = script.lines().flat_map(|line| [line.trim_start(), "\n"]).collect();
    for (old, new) in renamed {
        let (old, new) = (format!("\n{old}: "), format!("\n{new}: "));
        if script.matches(&old).count() != 1 {
            return Err(format!("the script does not hand {} to the program once", old.trim()));
        }
        script = script.replace(&old, &new);
    }
    Ok(script)
}

/// Tells what the last build keeps in the first module, and why.
pub fn why(path: Option<&str>) -> Outcome {
    for line in split::why(&read(&linked())?, &rebound()?, &rules()?, path)? {
        println!("{line}");
    }
    Ok(())
}

/// Tells what scripts add: the language with its libraries (cjson, cmsgpack, struct and bit among them), with the machine's host and
/// `redis.*`, and with all that Redis gives to scripts besides: functions, the debugger, and the commands.
pub fn weigh_lua() -> Outcome {
    let script = |name: &str| format!("engine::script::{name}");
    let language = vec!["lua".to_owned()];
    let host = ["api", "convert", "run", "sandbox"].map(script).to_vec();
    let all = ["engine::script", "engine::commands::scripting", "engine::commands::function"].map(str::to_owned);
    let host = [language.clone(), host].concat();
    let all = [language.clone(), all.to_vec()].concat();
    weigh(&[("Lua and its libraries", &language), ("and redis.*", &host), ("and all of scripting", &all)])
}

/// Tells what the functions of some paths, and what only they refer to, add to the last build: the whole program in one module,
/// optimised and compressed, less the same where these functions are behind doors to a module of their own.
pub fn weigh(parts: &[(&str, &[String])]) -> Outcome {
    let (linked, bound, rules) = (read(&linked())?, rebound()?, rules()?);
    let mut lines = Vec::new();
    for (name, paths) in parts {
        let part = split::part(&linked, &bound, &rules, paths)?;
        println!("\n{name}, before wasm-opt, by the beginnings of names");
        for line in part.groups {
            println!("{line}");
        }
        let (whole, rest) = (packed("whole", &part.whole)?, packed("rest", &part.rest)?);
        if lines.is_empty() {
            lines.push(format!("{:<44} {:>10} {:>10}", "the program in one module", whole.0, whole.1));
        }
        lines.push(format!("{name:<44} {:>10} {:>10}", whole.0 - rest.0, whole.1 - rest.1));
    }
    println!("\n{:<44} {:>10} {:>10}", "", "raw", "gzip");
    for line in lines {
        println!("{line}");
    }
    Ok(())
}

/// How many bytes a module has when it has been optimised, and when it has then been compressed.
fn packed(name: &str, module: &[u8]) -> Outcome<(u64, u64)> {
    let (plain, small) = (work()?.join(format!("{name}.wasm")), work()?.join(format!("{name}.small.wasm")));
    fs::write(&plain, module).map_err(|e| format!("cannot write {}: {e}", plain.display()))?;
    optimise(&plain, &small, &format!("{name}.wasm"))?;
    let mut gzip = Command::new(setup::node_binary());
    gzip.args(["-p", "require('zlib').gzipSync(require('fs').readFileSync(process.argv[1]), { level: 9 }).length"]);
    let packed = run::answer(gzip.arg(&small)).and_then(|answer| answer.parse::<u64>().ok());
    let packed = packed.ok_or_else(|| format!("cannot compress {}", small.display()))?;
    Ok((read(&small)?.len() as u64, packed))
}

/// The program as wasm-bindgen makes it, with the functions' names.
fn rebound() -> Outcome<Vec<u8>> {
    let out = places::target().join("xtask/why");
    let mut bind = Command::new("wasm-bindgen");
    bind.env("PATH", places::path_with(&setup::tool_dirs()));
    bind.args(["--target=web", "--no-typescript", "--no-demangle", "--out-dir"]).arg(&out).arg(linked());
    run::shown(&mut bind)?;
    read(&out.join("web_bg.wasm"))
}

/// A folder for what lies between the steps.
fn work() -> Outcome<PathBuf> {
    let work = places::target().join("xtask");
    fs::create_dir_all(&work).map_err(|e| format!("cannot create {}: {e}", work.display()))?;
    Ok(work)
}

/// The stack's last kilobyte is what stands lowest in memory, and nothing has an address there: so an address and what is added to it may become
/// one instruction.
fn optimise(from: &Path, to: &Path, name: &str) -> Outcome {
    let mut optimise = Command::new("wasm-opt");
    optimise.env("PATH", places::path_with(&setup::tool_dirs()));
    optimise.args(["-Oz", "--low-memory-unused"]).arg(from).arg("-o").arg(to);
    run::step(name, "wasm-opt -Oz", &mut optimise, None)
}

/// The program as the linker left it.
fn linked() -> PathBuf {
    places::target().join("wasm32-unknown-unknown/wasm/web.wasm")
}

fn rules() -> Outcome<Rules> {
    let file = places::root().join("src/web/later.txt");
    Rules::parse(&String::from_utf8_lossy(&read(&file)?))
}

fn read(path: &Path) -> Outcome<Vec<u8>> {
    fs::read(path).map_err(|e| format!("cannot read {}: {e}", path.display()))
}

/// The name of the one file that ends so.
fn only(dist: &Path, end: &str) -> Outcome<String> {
    let names = fs::read_dir(dist).map_err(|e| format!("cannot read {}: {e}", dist.display()))?;
    let names = names.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned());
    let mut names = names.filter(|name| name.ends_with(end));
    match (names.next(), names.next()) {
        (Some(name), None) => Ok(name),
        _ => Err(format!("there should be one file *{end} in {}", dist.display())),
    }
}

fn hash(bytes: &[u8]) -> u64 {
    let mut hash = DefaultHasher::new();
    hash.write(bytes);
    hash.finish()
}

fn finish(dist: &Path) -> Outcome {
    let index = dist.join("index.html");
    let html = fs::read_to_string(&index).map_err(|e| format!("cannot read {}: {e}", index.display()))?;
    let (html, scripts) = without_inline_scripts(&html);
    for (name, text) in scripts {
        fs::write(dist.join(&name), text).map_err(|e| format!("cannot write dist/{name}: {e}"))?;
    }
    let policy =
        format!("<meta charset=\"utf-8\">\n    <meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\">");
    let charset = ["<meta charset=\"utf-8\">", "<meta charset=\"utf-8\" />", "<meta charset=utf-8>"];
    let found = charset.iter().find(|tag| html.contains(**tag)).ok_or("index.html has no <meta charset=\"utf-8\">")?;
    let html = html.replacen(found, &policy, 1);
    fs::write(&index, html).map_err(|e| format!("cannot write {}: {e}", index.display()))
}

/// The page with each inline script replaced by a reference, and the files referred to: name and text.
fn without_inline_scripts(html: &str) -> (String, Vec<(String, String)>) {
    let (mut page, mut files, mut rest) = (String::with_capacity(html.len()), Vec::new(), html);
    while let Some((before, tag, text, after)) = next_script(rest) {
        page.push_str(before);
        let runs = !tag.contains(" src=") && !tag.contains("json") && !text.trim().is_empty();
        if runs {
            let name = format!("start-{:016x}.js", hash(text.as_bytes()));
            page.extend([tag.trim_end_matches('>'), " src=\"./", &name, "\"></script>"]);
            files.push((name, text.trim().to_owned() + "\n"));
        } else {
            page.extend([tag, text, "</script>"]);
        }
        rest = after;
    }
    page.push_str(rest);
    (page, files)
}

/// What stands before the next script, its opening tag, its text, and what follows it.
fn next_script(html: &str) -> Option<(&str, &str, &str, &str)> {
    let start = html.find("<script")?;
    let (before, script) = html.split_at(start);
    let (tag, body) = script.split_at(script.find('>')? + 1);
    let (text, after) = body.split_once("</script>")?;
    Some((before, tag, text, after))
}

#[cfg(test)]
mod tests {
    use super::{with_short_names, without_inline_scripts, without_notes, without_styles};

    #[test]
    fn what_the_program_imports_gets_short_names_in_the_script() {
        let script = "const import0 = {\n    __wbg_now_0a: function() {\n        return now();\n    },\n};\n";
        let renamed = [("__wbg_now_0a".to_owned(), "_0".to_owned())];
        let short = with_short_names(script, &renamed).expect("the name is there");
        assert_eq!(short, "const import0 = {\n_0: function() {\nreturn now();\n},\n};\n");
        assert!(with_short_names(&short, &renamed).is_err(), "a name that is missing is no page");
    }

    #[test]
    fn stylesheets_lose_what_no_browser_reads() {
        let styles = "/* Why:\n   because. */\n@layer base {\n  a { color: red } /* now */\n\n  b { top: 0 }\n}\n";
        assert_eq!(without_notes(styles), "@layer base {\na { color: red }\nb { top: 0 }\n}\n");
    }

    #[test]
    fn stylesheets_are_taken_out_in_their_order() {
        let html = "<head>\n  <link rel=\"icon\" href=\"./i.svg\">\n  <link rel=\"stylesheet\" href=\"./a-1.css\" integrity=\"x\"/>\n\
                    <link rel=\"stylesheet\" href=\"./b-2.css\">\n</head>\n";
        let (page, names) = without_styles(html);
        assert_eq!(names, ["a-1.css", "b-2.css"]);
        assert_eq!(page, "<head>\n  <link rel=\"icon\" href=\"./i.svg\">\n</head>\n");
    }

    #[test]
    fn inline_scripts_move_into_files_and_others_stay() {
        let html = "<p>1</p><script type=\"module\">\nstart();\n</script><script src=\"a.js\"></script>\
                    <script type=\"application/ld+json\">{}</script><p>2</p>";
        let (page, files) = without_inline_scripts(html);
        let [(name, text)] = files.as_slice() else { panic!("{files:?}") };
        assert_eq!(text, "start();\n");
        assert_eq!(
            page,
            format!(
                "<p>1</p><script type=\"module\" src=\"./{name}\"></script><script src=\"a.js\"></script>\
                 <script type=\"application/ld+json\">{{}}</script><p>2</p>"
            )
        );
    }
}
