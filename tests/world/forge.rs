//! Counterparts of git on loopback: an HTTP server with a login, and OpenSSH's server with one key.

use crate::{DEADLINE, World, python, run};
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// Git's own HTTP server, behind a check of the login. What it was asked is written to a file.
const GIT_OVER_HTTP: &str = r#"
import base64, http.server, os, subprocess, sys
root, login, log = sys.argv[1:]

class Git(http.server.BaseHTTPRequestHandler):
    def serve(self):
        with open(login, "rb") as file:
            wanted = "Basic " + base64.b64encode(file.read()).decode()
        given = self.headers.get("Authorization", "")
        user = base64.b64decode(given[6:]).decode().split(":")[0] if given else "-"
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        with open(log, "a") as file:
            print(user, "passed" if given == wanted else "refused", file=file)
        if given != wanted:
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="git"')
            self.end_headers()
            return
        path, _, query = self.path.partition("?")
        env = {"PATH": os.environ["PATH"], "GIT_PROJECT_ROOT": root, "GIT_HTTP_EXPORT_ALL": "1", "PATH_INFO": path,
            "QUERY_STRING": query, "REQUEST_METHOD": self.command, "REMOTE_USER": user, "CONTENT_LENGTH": str(len(body)),
            "CONTENT_TYPE": self.headers.get("Content-Type", ""), "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", "")}
        said = subprocess.run(["git", "http-backend"], input=body, env=env, stdout=subprocess.PIPE).stdout
        head, _, body = said.partition(b"\r\n\r\n")
        fields = dict(line.split(": ", 1) for line in head.decode().split("\r\n"))
        self.send_response(int(fields.pop("Status", "200").split(" ")[0]))
        for name, value in fields.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
    do_GET = do_POST = serve
    def log_message(self, *_):
        pass

server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Git)
print(server.server_port, flush=True)
server.serve_forever()
"#;

/// A git server over HTTP; it ends when it is dropped.
pub struct HttpForge {
    process: Child,
    login: PathBuf,
    log: PathBuf,
    /// Where it listens: host and port.
    pub host: String,
}

impl HttpForge {
    /// Serves the bare repositories below `root` to `login`, which is `user:password`. None without Python.
    pub fn start(world: &World, root: &Path, login: &str) -> Option<Self> {
        let (admitted, log) = (world.path("forge.login"), world.path("forge.log"));
        std::fs::write(&admitted, login).expect("the login is written");
        let mut command = world.command(python()?);
        command.args(["-c", GIT_OVER_HTTP]).arg(root).arg(&admitted).arg(&log).stdout(Stdio::piped());
        let mut process = command.spawn().expect("the server starts");
        let mut port = String::new();
        let told = BufReader::new(process.stdout.take().expect("it has an output")).read_line(&mut port);
        assert!(told.is_ok() && !port.is_empty(), "the server listens");
        Some(Self { process, login: admitted, log, host: format!("127.0.0.1:{}", port.trim()) })
    }

    /// Lets in this login from now on, and no other.
    pub fn admit(&self, login: &str) {
        std::fs::write(&self.login, login).expect("the login is written");
    }

    /// Who came, and whether they passed: a line for each request.
    pub fn visits(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }
}

impl Drop for HttpForge {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

/// OpenSSH's server: the test listens, and each connection gets a server of its own, as by inetd.
pub struct SshForge {
    /// Where it listens.
    pub port: u16,
    /// The user to log in as: the one that runs the test.
    pub user: String,
    /// The line by which a client knows it.
    pub known_host: String,
    log: PathBuf,
}

impl SshForge {
    /// Lets in whoever has the private part of this public key, and nobody else.
    pub fn start(world: &World, public_key: &str) -> Self {
        let folder = world.path("sshd");
        std::fs::create_dir_all(&folder).expect("its folder is made");
        let host_key = folder.join("host_key");
        let mut make = world.command("ssh-keygen");
        make.args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(&host_key);
        run(make, b"", DEADLINE).ok();
        std::fs::write(folder.join("authorized_keys"), format!("{public_key}\n"))
            .expect("the key is written");
        let log = folder.join("log");
        let config = folder.join("config");
        std::fs::write(&config, settings(&folder, &world.environment()["PATH"]))
            .expect("its settings are written");
        if rustix::process::getuid().is_root() {
            // Debian's own start of the server makes it, which a test does not wait for.
            std::fs::create_dir_all("/run/sshd").expect("the folder that the server empties itself into");
        }
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("it has a port").port();
        let serve = serving(config, log.clone());
        std::thread::spawn(move || listener.incoming().flatten().for_each(serve));
        let public = std::fs::read_to_string(host_key.with_extension("pub")).expect("the host key is there");
        let known_host = format!("[127.0.0.1]:{port} {}", public.trim());
        let mut who = world.command("id");
        who.arg("-un");
        let user = run(who, b"", DEADLINE).ok().trim().to_string();
        Self { port, user, known_host, log }
    }

    /// What the server has written down.
    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }
}

fn settings(folder: &Path, path: &str) -> String {
    let folder = folder.display();
    format!(
        "HostKey {folder}/host_key\nAuthorizedKeysFile {folder}/authorized_keys\nStrictModes no\nUsePAM no\n\
         PasswordAuthentication no\nKbdInteractiveAuthentication no\nPermitRootLogin yes\nPidFile none\n\
         LogLevel VERBOSE\nSetEnv PATH={path}\n"
    )
}

fn serving(config: PathBuf, log: PathBuf) -> impl Fn(std::net::TcpStream) {
    move |stream| {
        let (input, output) =
            (OwnedFd::from(stream.try_clone().expect("it is cloned")), OwnedFd::from(stream));
        let mut sshd = Command::new("/usr/sbin/sshd");
        sshd.args(["-i", "-f"]).arg(&config).arg("-E").arg(&log);
        let started = sshd.stdin(input).stdout(output).stderr(Stdio::null()).spawn();
        let mut process = started.expect("sshd starts: openssh-server is among what setup installs");
        std::thread::spawn(move || process.wait());
    }
}
