//! Standard output and output files: binary formats never reach a terminal, a reader that went away is no error, and
//! a file appears only when it is whole.

use std::{
    fs::File,
    io::{self, BufWriter, IsTerminal, Stdout, Write},
    path::{Path, PathBuf},
};

use crate::failure::{Failure, Result};

/// Writes to standard output.
pub(crate) fn write(bytes: impl AsRef<[u8]>) -> Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(bytes.as_ref())?;
    Ok(out.flush()?)
}

/// Writes a note for people to standard error, beside whatever standard output is used for. What it tells of others
/// cannot move a terminal's cursor.
pub(crate) fn note(text: impl AsRef<str>) {
    let moves = |letter: char| letter.is_control() && letter != '\n';
    // Nobody is left to be told when standard error is gone.
    let _ = writeln!(io::stderr(), "{}", text.as_ref().replace(moves, " "));
}

/// Asks whoever sits at the terminal; where nobody does, `--yes` is what a script says.
pub(crate) fn confirmed(question: &str) -> Result<bool> {
    if !io::stdin().is_terminal() {
        return Err(Failure::new("nobody is there to be asked").with_hint("add --yes when you are sure"));
    }
    write(question.replace(char::is_control, " "))?;
    let mut answer = String::new();
    io::stdin().read_line(&mut answer)?;
    Ok(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"))
}

/// Refuses to fill a terminal with bytes that are not text.
pub(crate) fn refuse_terminal(format: &str) -> Result<()> {
    match io::stdout().is_terminal() {
        true => Err(Failure::new(format!("{format} is not for a terminal"))
            .with_hint("name a file with --output, or send it on with `>` or `|`")),
        false => Ok(()),
    }
}

/// Where an answer goes: a file or standard output.
pub(crate) enum Sink {
    Stdout(BufWriter<Stdout>),
    File {
        partial: PathBuf,
        file: PathBuf,
        writer: BufWriter<File>,
    },
}

impl Sink {
    /// The file, or standard output when there is none. `binary` is the format's name when it is not text.
    pub(crate) fn open(file: Option<&Path>, binary: Option<&str>) -> Result<Self> {
        let Some(file) = file else {
            binary.map_or(Ok(()), refuse_terminal)?;
            return Ok(Self::Stdout(BufWriter::new(io::stdout())));
        };
        let mut partial = file.as_os_str().to_owned();
        partial.push(".partial");
        let partial = PathBuf::from(partial);
        let writer = BufWriter::new(File::create(&partial).map_err(|error| Failure::file("write", &partial, &error))?);
        Ok(Self::File {
            partial,
            file: file.to_owned(),
            writer,
        })
    }

    /// Says that everything has been written: only now the file has its name.
    pub(crate) fn finish(self) -> Result<()> {
        match self {
            Self::Stdout(mut writer) => Ok(writer.flush()?),
            Self::File { partial, file, writer } => {
                let whole = writer
                    .into_inner()
                    .map_err(io::IntoInnerError::into_error)
                    .and_then(|file| file.sync_all());
                let named = whole.and_then(|()| std::fs::rename(&partial, &file));
                named.map_err(|error| Failure::file("write", &file, &error))
            }
        }
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Stdout(writer) => writer.write(bytes),
            Self::File { writer, .. } => writer.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Stdout(writer) => writer.flush(),
            Self::File { writer, .. } => writer.flush(),
        }
    }
}
