//! `cargo xtask serve`: the page on this machine.

use std::thread;

use crate::{Outcome, http, page, places, run, setup};

const PORT: u16 = 8080;

pub fn command(options: &[String]) -> Outcome {
    let (mut watch, mut port) = (false, PORT);
    let mut words = options.iter();
    while let Some(word) = words.next() {
        match word.as_str() {
            "--watch" => watch = true,
            "--port" => {
                let number = words.next().and_then(|number| number.parse().ok());
                port = number.ok_or("--port needs a number between 1 and 65535")?;
            }
            _ => return Err(format!("what is {word}? serve takes --watch and --port N")),
        }
    }
    setup::for_page()?;
    if watch { watched(port) } else { released(port) }
}

fn released(port: u16) -> Outcome {
    page::build()?;
    let site = http::Site { dir: places::dist(), compressed: places::compressed(), base: "/".to_owned() };
    let address = http::start(site, port).map_err(|e| {
        format!("cannot listen on 127.0.0.1:{port}: {e}\nIs something else there? Try `cargo xtask serve --port 8081`")
    })?;
    println!("\nRediscover is on http://{address}/ (ctrl-c ends it)");
    loop {
        thread::park();
    }
}

fn watched(port: u16) -> Outcome {
    println!("page, dev profile: rebuilt and reloaded when a file is saved (ctrl-c ends it)");
    let mut serve = page::trunk();
    // Away from dist/, which holds the release page.
    serve.arg("serve").arg("--port").arg(port.to_string()).arg("--dist").arg(places::target().join("dist-dev"));
    run::shown(&mut serve)
}
