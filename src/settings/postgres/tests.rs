use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::settings::{ChannelBinding, PostgresServer, RootCertificates, SslMode};
use crate::settings::{Flags, Secret, Settings};

fn resolve(environment: &[(&str, &str)]) -> Result<PostgresServer, String> {
    let look_up = |name: &str| environment.iter().find(|it| it.0 == name).map(|it| OsString::from(it.1));
    let settings = Settings::resolve(&Flags::default(), &look_up, Path::new("/here"));
    settings.workflow_server().map_err(|it| it.to_string())
}

fn server(text: &str) -> Result<PostgresServer, String> {
    resolve(&[("CFN_POSTGRES_URL", text), ("PHASE4_POSTGRES_HOST", "other")])
}

#[test]
fn a_url_overrides_the_variables() -> Result<(), String> {
    let url = "postgresql://me%40work:p%3Aw@[::1]:6543/my%20db?sslmode=verify-full&sslrootcert=ca.pem&connect_timeout=3&application_name=ours";
    let server = server(url)?;
    assert_eq!(server.to_string(), "::1:6543/my db");
    assert_eq!(server.user.as_deref(), Some("me@work"));
    assert_eq!(server.password.as_ref().map(Secret::reveal), Some("p:w"));
    assert_eq!(server.ssl_mode, SslMode::VerifyFull);
    assert_eq!(server.root_certificates, RootCertificates::File(PathBuf::from("/here/ca.pem")));
    assert_eq!(server.connect_timeout, Duration::from_secs(3));
    assert_eq!(server.application_name, "ours");
    Ok(())
}

#[test]
fn urls_of_hosting_providers_are_accepted() -> Result<(), String> {
    let neon =
        server("postgresql://u:p@ep-x.neon.tech/db?sslmode=require&channel_binding=require&options=endpoint%3Dep-x")?;
    assert_eq!((neon.channel_binding, neon.ssl_mode), (ChannelBinding::Require, SslMode::Require));
    assert_eq!(neon.options.as_deref(), Some("endpoint=ep-x"));
    let pair =
        server("postgres://u@one,two:6432,[::2]:7/db?target_session_attrs=read-write&load_balance_hosts=random")?;
    assert_eq!(pair.to_string(), "one:5432,two:6432,::2:7/db");
    assert!(pair.writable && pair.any_order);
    let aurora = server("postgresql://u@h/db?ssl=true&gssencmode=disable&keepalives_idle=30&client_encoding=UTF8")?;
    assert_eq!(aurora.ssl_mode, SslMode::Require);
    let azure = server("postgres://u@h/db?sslrootcert=system")?;
    assert_eq!((azure.ssl_mode, azure.root_certificates), (SslMode::VerifyFull, RootCertificates::System));
    let certificate = server("postgres://u@h/db?sslcert=c.pem&sslkey=/k.pem")?.certificate;
    assert_eq!(certificate, Some(("/here/c.pem".into(), "/k.pem".into())));
    for mode in ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"] {
        server(&format!("postgres://h/db?sslmode={mode}"))?;
    }
    Ok(())
}

#[test]
fn keywords_are_an_alternative_to_a_url() -> Result<(), String> {
    let found = server("host=one,two port = 6432 dbname='my db' user=me password='it\\'s \\\\' sslmode=require")?;
    assert_eq!(found.to_string(), "one:6432,two:6432/my db");
    assert_eq!(found.password.as_ref().map(Secret::reveal), Some("it's \\"));
    assert_eq!((found.user.as_deref(), found.ssl_mode), (Some("me"), SslMode::Require));
    let addressed = server("host=db.example hostaddr=192.0.2.7 dbname=d")?;
    assert_eq!(addressed.hosts[0].address, Some([192, 0, 2, 7].into()));
    assert_eq!(server("hostaddr=::1 dbname=d")?.to_string(), "::1:5432/d");
    assert_eq!(server("dbname=d")?.to_string(), "localhost:5432/d");
    assert_eq!(server("host='' dbname=d user=''")?.to_string(), "localhost:5432/d");
    Ok(())
}

#[test]
fn a_socket_is_a_folder() -> Result<(), String> {
    for url in
        ["postgres://%2Frun%2Fpostgresql/db", "postgres:///db?host=/run/postgresql", "host=/run/postgresql dbname=db"]
    {
        let host = server(url)?.hosts.remove(0);
        assert!(host.is_socket() && host.name == "/run/postgresql", "{url}: {host:?}");
    }
    Ok(())
}

#[test]
fn an_unsupported_parameter_is_named() {
    for (text, named) in [
        ("postgres://h/d?pgbouncer=true", "\"pgbouncer\""),
        ("postgres://h/d?sslcrl=x", "\"sslcrl\""),
        ("host=h service=x", "\"service\""),
        ("postgres://h/d?ssl=maybe", "\"ssl\""),
        ("postgres://h/d?sslmode=no-verify", "sslmode"),
        ("postgres://h/d?channel_binding=maybe", "channel_binding"),
        ("postgres://h/d?target_session_attrs=standby", "target_session_attrs"),
        ("postgres://h/d?gssencmode=require", "gssencmode"),
        ("postgres://h/d?ssl_min_protocol_version=TLSv1.3", "ssl_min_protocol_version"),
        ("postgres://h/d?connect_timeout=soon", "connect_timeout"),
        ("postgres://a,b,c/d?port=1,2", "port"),
        ("postgres://h/d?hostaddr=h", "hostaddr"),
        ("postgres://h/d?sslcert=c", "sslkey"),
        ("postgres://h:x/d", "port"),
    ] {
        let message = server(text);
        assert!(message.as_ref().is_err_and(|it| it.contains(named)), "{text}: {message:?}");
    }
}

#[test]
fn an_invalid_text_is_refused_without_showing_secrets() {
    for text in [
        "hunter2",
        "mysql://u:hunter2@h/d",
        "postgres://u:hunter2@h:port/d",
        "postgres://u:hunter2%f@h/d",
        "postgres://u:pa?hunter2=x@h/d",
        "postgres://u:pa/hunter2@h/d",
        "host=h password='hunter2",
        "host=h hunter2",
        "postgres://[::1/hunter2",
    ] {
        let message = server(text);
        assert!(message.as_ref().is_err_and(|it| it.contains("CFN_POSTGRES_URL")), "{text}: {message:?}");
        assert!(message.is_err_and(|it| !it.contains("hunter2")), "{text}");
    }
}

#[test]
fn variables_have_the_defaults_of_the_old_scripts() -> Result<(), String> {
    let found = resolve(&[("PHASE4_POSTGRES_HOST", "db"), ("PHASE4_POSTGRES_PASS", "hunter2")])?;
    assert_eq!(found.to_string(), "db:5432/workflow_codification");
    assert!(resolve(&[("PHASE4_POSTGRES_PORT", "x")]).is_err());
    Ok(())
}

#[test]
fn the_mode_of_the_environment_applies_if_the_url_has_none() -> Result<(), String> {
    let mode = |url: &str| resolve(&[("CFN_POSTGRES_URL", url), ("PGSSLMODE", "verify-full")]).map(|it| it.ssl_mode);
    assert_eq!(mode("postgres://h/d")?, SslMode::VerifyFull);
    assert_eq!(mode("postgres://h/d?sslmode=disable")?, SslMode::Disable);
    let foreign = [("PGSSLMODE", "no-verify"), ("CFN_POSTGRES_URL", "postgres://h/d?sslmode=disable")];
    assert!(resolve(&foreign).is_ok());
    assert!(resolve(&foreign[..1]).is_err_and(|it| it.contains("PGSSLMODE")));
    Ok(())
}

#[test]
fn a_command_that_is_shown_has_the_user_and_no_password() -> Result<(), String> {
    let shown = |url: &str| server(url).map(|it| it.url_with_user());
    assert_eq!(shown("postgres://ann:hunter2@h/db")?, "postgresql://ann@h:5432/db");
    assert_eq!(
        shown("postgres://h/db?user=a%40b%20c&password=hunter2&schema=s")?,
        "postgresql://a%40b%20c@h:5432/db?schema=s"
    );
    let again = server(&shown("postgres://a%40b%2Fc:hunter2@h:7/db")?)?;
    assert_eq!((again.user.as_deref(), again.password), (Some("a@b/c"), None));
    assert_eq!(shown("postgres://h/db")?, "postgresql://h:5432/db");
    Ok(())
}
