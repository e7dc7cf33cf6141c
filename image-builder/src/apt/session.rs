//! An apt with its own `Dir::` settings.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};

use super::sources::{self, Suite};
use crate::cache::Key;
use crate::command::run;
use crate::error::{BuildError, Doing, Result};
use crate::report::Report;

/// Package lists that are younger are not asked for again.
const FRESH: Duration = Duration::from_secs(24 * 3600);

/// An apt of our own, with package lists that have been fetched.
pub(crate) struct Session {
    folder: PathBuf,
}

impl Session {
    /// Fetches the package lists into `folder`, unless those of less than a day ago are there.
    /// Without a network, older ones do; both are said aloud.
    pub(crate) fn open(folder: &Path, update: bool, report: &Report) -> Result<Self> {
        let session = Self { folder: folder.to_owned() };
        let (suites, backports) = sources::known()?;
        session.write_settings()?;
        if !update && session.age().is_some_and(|age| age < FRESH) {
            session.tell_what_is_missing(report, &backports);
            return Ok(session);
        }
        let all = [suites.clone(), vec![backports.clone()]].concat();
        let Err(first) = session.update(&all) else { return Ok(session) };
        if session.update(&suites).is_ok() {
            session.tell_what_is_missing(report, &backports);
            return Ok(session);
        }
        if session.age().is_none() {
            return Err(BuildError::NoNetwork { output: first.to_string() });
        }
        report
            .say("   The package archive cannot be reached; the lists of the last build are used.");
        Ok(session)
    }

    /// What one of apt's programs says about the package lists. It takes a second each time, so
    /// its answer is kept as long as the lists.
    pub(super) fn ask(
        &self,
        program: &str,
        arguments: &[&str],
        names: &[String],
    ) -> Result<String> {
        let key = Key::default().with(program).with(arguments.join(" ")).with(names.join(" "));
        let kept = format!("answers/{}", key.text());
        if let Some(answer) = self.read(&kept) {
            return Ok(answer);
        }
        let answer = run(self.apt(program).args(arguments).args(names))?;
        self.write(&kept, &answer)?;
        Ok(answer)
    }

    /// Runs one of apt's programs with our settings.
    pub(super) fn apt(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.env("APT_CONFIG", self.folder.join("apt.conf")).env("LC_ALL", "C.UTF-8");
        command
    }

    /// Where downloaded packages lie.
    pub(super) fn archives(&self) -> PathBuf {
        self.folder.join("archives")
    }

    fn tell_what_is_missing(&self, report: &Report, backports: &Suite) {
        let sources = fs::read_to_string(self.folder.join("sources.list")).unwrap_or_default();
        if !sources.contains(&format!(" {} ", backports.name())) {
            report.say(&format!(
                "   The archive offers no {}: the kernel is that of the plain suite.",
                backports.name()
            ));
        }
    }

    /// How long ago the lists were fetched.
    fn age(&self) -> Option<Duration> {
        let fetched = fs::metadata(self.folder.join("updated")).and_then(|file| file.modified());
        SystemTime::now().duration_since(fetched.ok()?).ok()
    }

    fn update(&self, suites: &[Suite]) -> Result<()> {
        let before = self.read("sources.list");
        self.write("sources.list", &suites.iter().map(Suite::line).collect::<String>())?;
        let strict = ["-o", "APT::Update::Error-Mode=any", "-o", "Acquire::Retries=2"];
        let updated = run(self.apt("apt-get").arg("update").args(strict));
        match (updated, before) {
            (Ok(_), _) => self.forget_answers().and_then(|()| self.write("updated", "")),
            (Err(error), Some(before)) => self.write("sources.list", &before).and(Err(error)),
            (Err(error), None) => Err(error),
        }
    }

    fn forget_answers(&self) -> Result<()> {
        let answers = self.folder.join("answers");
        fs::remove_dir_all(&answers).doing("removing", &answers)?;
        fs::create_dir_all(&answers).doing("making", &answers)
    }

    fn write_settings(&self) -> Result<()> {
        for folder in ["answers", "lists/partial", "archives/partial", "etc"] {
            let folder = self.folder.join(folder);
            fs::create_dir_all(&folder).doing("making", &folder)?;
        }
        // No package is installed anywhere: that is what dependencies are resolved against.
        self.write("status", "")?;
        let host = run(Command::new("apt-config").arg("dump"))?;
        // A proxy of the machine is needed here as well.
        let network: Vec<&str> =
            host.lines().filter(|line| line.starts_with("Acquire::")).collect();
        let settings = settings(&self.folder.display().to_string());
        self.write("apt.conf", &format!("{settings}{}\n", network.join("\n")))
    }

    fn read(&self, name: &str) -> Option<String> {
        fs::read_to_string(self.folder.join(name)).ok()
    }

    fn write(&self, name: &str, text: &str) -> Result<()> {
        let path = self.folder.join(name);
        fs::write(&path, text).doing("writing", &path)
    }
}

fn settings(folder: &str) -> String {
    format!(
        r#"Dir::State "{folder}";
Dir::State::status "{folder}/status";
Dir::State::lists "{folder}/lists";
Dir::Cache "{folder}";
Dir::Cache::archives "{folder}/archives";
Dir::Etc "{folder}/etc";
Dir::Etc::sourcelist "{folder}/sources.list";
Dir::Etc::sourceparts "-";
Dir::Etc::trusted "/etc/apt/trusted.gpg";
Dir::Etc::trustedparts "/etc/apt/trusted.gpg.d";
Dir::Etc::netrc "/etc/apt/auth.conf";
Dir::Etc::netrcparts "/etc/apt/auth.conf.d";
APT::Architecture "amd64";
APT::Architectures {{ "amd64"; }};
APT::Install-Recommends "false";
APT::Sandbox::User "root";
Acquire::Languages "none";
pkgCacheGen::Essential "none";
"#
    )
}
