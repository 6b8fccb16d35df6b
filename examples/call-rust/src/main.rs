//! Prints the names of your iTwins with a token from credhelper: `cargo run -- [PROFILE]`

use std::error::Error;
use std::io::Read;
use std::process::{Command, ExitCode, Stdio};
use std::sync::mpsc::{channel, Receiver};
use std::time::{Duration, Instant};
use std::{env, fmt, io, thread};

const LIMIT: Duration = Duration::from_secs(25); // more than credhelper's own deadline, 20 s
const PAUSES: [Duration; 2] = [Duration::from_secs(2), Duration::from_secs(4)];
const TEMPORARY: u8 = 75; // exit status of credhelper: trying again later helps

/// One line for the person who must act, and the exit status.
#[derive(Debug)]
struct Failure(String, u8);

impl fmt::Display for Failure {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl Error for Failure {}

type Outcome<T> = Result<T, Box<dyn Error>>;

/// Returns the access token of one run of `credhelper get`.
fn ask(arguments: &[&str]) -> Outcome<String> {
    let mut child = Command::new("credhelper")
        .arg("get")
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| format!("credhelper does not start: {error}"))?;
    let stdout = text(child.stdout.take().expect("it is piped"));
    let stderr = text(child.stderr.take().expect("it is piped"));
    let end = Instant::now() + LIMIT;
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        if Instant::now() >= end {
            child.kill()?;
            child.wait()?;
            return Err(format!("credhelper gave no answer within {LIMIT:?}").into());
        }
        thread::sleep(Duration::from_millis(5));
    };
    // A process that it left behind may hold the pipes open.
    let last = Duration::from_secs(1);
    if !status.success() {
        let status = status.code().and_then(|code| code.try_into().ok());
        let line = stderr.recv_timeout(last)??.trim().to_owned();
        return Err(Failure(line, status.unwrap_or(1)).into());
    }
    let answer: serde_json::Value = serde_json::from_str(&stdout.recv_timeout(last)??)?;
    match (&answer["Version"], answer["AccessToken"].as_str()) {
        (version, Some(token)) if *version == 1 => Ok(token.to_owned()),
        _ => Err("credhelper answered in a version that is not known here".into()),
    }
}

/// Reads a pipe as it fills, so that it never blocks the command.
fn text(mut pipe: impl Read + Send + 'static) -> Receiver<io::Result<String>> {
    let (sender, receiver) = channel();
    thread::spawn(move || {
        let mut text = String::new();
        sender.send(pipe.read_to_string(&mut text).map(|_| text))
    });
    receiver
}

/// Returns an access token, with patience for what is temporary.
fn token(arguments: &[&str]) -> Outcome<String> {
    for pause in PAUSES {
        match ask(arguments) {
            Err(error)
                if error
                    .downcast_ref()
                    .is_some_and(|Failure(_, status)| *status == TEMPORARY) => {}
            outcome => return outcome,
        }
        thread::sleep(pause);
    }
    ask(arguments)
}

fn run(profile: Option<&str>) -> Outcome<()> {
    let api = env::var("ITWIN_API").unwrap_or_else(|_| "https://api.bentley.com".into());
    let url = format!("{api}/itwins/?$top=5");
    let client: ureq::Agent = ureq::Agent::config_builder()
        .timeout_global(Some(Duration::from_secs(30)))
        .max_redirects(0) // the token is for this server
        .http_status_as_error(false)
        .build()
        .into();
    let call = |token: String| {
        client
            .get(&url)
            .header("Accept", "application/vnd.bentley.itwin-platform.v1+json")
            .header("Authorization", format!("Bearer {token}"))
            .call()
    };
    let mut response = call(token(profile.as_slice())?)?;
    if response.status() == 401 {
        // The token was revoked, or its key rotated, before its expiry: once, past the cache.
        let fresh: Vec<&str> = ["--fresh"].into_iter().chain(profile).collect();
        response = call(token(&fresh)?)?;
    }
    if response.status() != 200 {
        return Err(format!("{url} answered {}", response.status()).into());
    }
    let page: serde_json::Value = response.body_mut().read_json()?;
    for itwin in page["iTwins"].as_array().into_iter().flatten() {
        println!("{}", itwin["displayName"].as_str().unwrap_or_default());
    }
    Ok(())
}

fn main() -> ExitCode {
    let Err(error) = run(env::args().nth(1).as_deref()) else {
        return ExitCode::SUCCESS;
    };
    eprintln!("{error}");
    error
        .downcast_ref()
        .map_or(1, |Failure(_, status)| *status)
        .into()
}
