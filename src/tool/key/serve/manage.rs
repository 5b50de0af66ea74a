//! Keys made and removed by service calls, at the paths that the platform has for them.

use serde_json::json;

use super::super::create::{NewKey, create};
use super::super::end::delete;
use super::super::error::KeyError;
use super::super::file::{self, LockedFile};
use super::super::lint::warning_text;
use super::super::mint::NewSecret;
use super::super::store::{Changed, Store};
use super::answer::{Problem, problem};
use super::message::{Body, Request, Response};
use super::order::{self, OrderError};
use super::service::{Management, Outside};
use super::source::Source;
use crate::application_key::{Record, RecordError};
use crate::secret::Secret;

/// A service call.
pub(super) enum Call<'a> {
    Create,
    Delete,
    /// The platform shows the key of this name here.
    GetKey(&'a str),
}

/// What came of a call.
pub(super) struct Done {
    pub(super) response: Response,
    /// What is written down about it.
    pub(super) lines: Vec<String>,
}

/// What all paths of service calls begin with.
pub(super) const ROOT: &str = "/Thingworx";

impl<'a> Call<'a> {
    /// The call that a path means.
    pub(super) fn of(path: &'a str) -> Option<Self> {
        match path {
            "/Thingworx/Resources/EntityServices/Services/CreateApplicationKey" => {
                Some(Self::Create)
            }
            "/Thingworx/Resources/EntityServices/Services/DeleteApplicationKey" => {
                Some(Self::Delete)
            }
            path => {
                let rest = path.strip_prefix("/Thingworx/ApplicationKeys/")?;
                let name = rest.strip_suffix("/Services/GetKeyID")?;
                Record::is_name(name).then_some(Self::GetKey(name))
            }
        }
    }
}

/// Does what a call asks for.
pub(super) fn run(
    call: &Call<'_>,
    request: &Request,
    management: &Management,
    source: &Source,
    outside: Outside,
) -> Done {
    let is_json = request.value("content-type").is_some_and(is_json);
    match call {
        Call::GetKey(name) => get_key(name, source),
        Call::Create | Call::Delete if !is_json => refused(problem(Problem::NotJson, None)),
        Call::Create => match order::new_key(&request.body, management.longest) {
            Ok(new) => match made(&new, management, source, outside) {
                Ok((secret, changed)) => answer_made(&new, &secret, &changed, outside),
                // Of a record that is too large not even the name is read.
                Err(KeyError::Unknown) => {
                    let error = KeyError::Record(RecordError::TooLarge);
                    failed("not made", &new.name, &error)
                }
                Err(error) => failed("not made", &new.name, &error),
            },
            Err(error) => misunderstood(&error),
        },
        Call::Delete => match order::name(&request.body) {
            Ok(name) => match removed(&name, source, outside) {
                Ok(()) => {
                    let response = Response::empty(200).with("cache-control", "no-store");
                    Done { response, lines: vec![format!("deleted `{name}`")] }
                }
                Err(error) => failed("not deleted", &name, &error),
            },
            Err(error) => misunderstood(&error),
        },
    }
}

fn made(
    new: &NewKey,
    management: &Management,
    source: &Source,
    outside: Outside,
) -> Result<(NewSecret, Changed), KeyError> {
    let no_random = || KeyError::Io("get random bytes", std::io::ErrorKind::Other.into());
    let random = (outside.random)().ok_or_else(no_random)?;
    let now = (outside.now)();
    change(source, outside, Some(&new.name), |store| {
        create(store, new, &management.mint, random.expose(), now)
    })
}

fn removed(name: &str, source: &Source, outside: Outside) -> Result<(), KeyError> {
    change(source, outside, None, |store| delete(store, name)).map(|((), _)| ())
}

/// Changes the file under its lock, as the command line does.
fn change<T>(
    source: &Source,
    outside: Outside,
    name: Option<&str>,
    act: impl FnOnce(&mut Store<'_>) -> Result<T, KeyError>,
) -> Result<(T, Changed), KeyError> {
    let lock = LockedFile::lock(source.file())?;
    let gone = || KeyError::Io("read the file", std::io::ErrorKind::NotFound.into());
    let content = lock.read()?.ok_or_else(gone)?;
    let mut store = Store::read(Some(&content))?;
    let value = act(&mut store)?;
    let changed = store.changed(name, (outside.now)())?;
    lock.replace(changed.text.as_bytes())?;
    Ok((value, changed))
}

/// The one answer that holds a key.
fn answer_made(new: &NewKey, secret: &NewSecret, changed: &Changed, outside: Outside) -> Done {
    let warnings = changed.warnings(&new.name, (outside.now)());
    let warnings: Vec<_> = warnings.iter().map(warning_text).collect();
    let user = new.texts.iter().find(|(name, _)| *name == "user").map(|(_, user)| &**user);
    let (name, ends) = (&*new.name, secret.ends());
    // None of these can hold what JSON would have to escape, but for the warnings.
    let body = Secret::new(format!(
        "{{\"name\": \"{name}\", \"key\": \"{}\", \"expires_at\": \"{ends}\", \"warnings\": {}}}\n",
        secret.key.expose(),
        json!(warnings)
    ));
    let response = Response::empty(200)
        .body("application/json", Body::Secret(body))
        .with("cache-control", "no-store");
    let made = format!("made `{name}` for `{}`, good until {ends}", user.unwrap_or_default());
    let warnings = warnings.into_iter().map(|warning| format!("warning: {warning}"));
    Done { response, lines: std::iter::once(made).chain(warnings).collect() }
}

/// The platform can show a key at any time, for it can decrypt what it stores. Here only the digest is left.
fn get_key(name: &str, source: &Source) -> Done {
    let has_record = || {
        let content = file::read(source.file())?;
        let store = Store::read(content.as_deref())?;
        store.record(name).map(|_| ())
    };
    match has_record() {
        Err(KeyError::Unknown) => refused(problem(Problem::UnknownKey, None)),
        Err(_) | Ok(()) => refused(problem(Problem::NotShown, Some(NOT_SHOWN))),
    }
}

fn misunderstood(error: &OrderError) -> Done {
    refused(problem(Problem::Unusable, Some(&error.to_string())))
}

fn failed(participle: &str, name: &str, error: &KeyError) -> Done {
    // Whatever else was sent as a name stays out of the log.
    let name = if Record::is_name(name) { name } else { "?" };
    let response = match Problem::of(error) {
        // The file is nobody's business but that of those who run the server.
        found @ (Problem::Store | Problem::StoreBusy) => problem(found, None),
        found => problem(found, Some(&error.to_string())),
    };
    Done { response, lines: vec![format!("{participle}: `{name}`: {error}")] }
}

fn refused(response: Response) -> Done {
    Done { response, lines: Vec::new() }
}

pub(super) fn is_json(media_type: &[u8]) -> bool {
    let essence = media_type.split(|b| *b == b';').next().unwrap_or_default();
    essence.trim_ascii().eq_ignore_ascii_case(b"application/json")
}

const NOT_SHOWN: &str = "only its digest is kept; the answer to CreateApplicationKey had it, once";
