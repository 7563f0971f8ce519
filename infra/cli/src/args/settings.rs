//! What can be asked of the API about settings and channels.

use clap::{Args, Subcommand, ValueEnum};
use defuse_domain::EntraIdProtection;

use super::ApiArguments;

#[derive(Debug, Args)]
pub(crate) struct SettingsArguments {
    #[command(flatten)]
    pub(crate) api: ApiArguments,
    #[command(subcommand)]
    pub(crate) command: SettingsCommand,
}

/// What is done with settings
#[derive(Debug, Subcommand)]
pub(crate) enum SettingsCommand {
    /// Shows what counts, what is deployed, and who changed what
    Show,
    /// Changes one of them, where what is deployed leaves it open
    Set {
        name: SettingName,
        /// `off`, `high`, `highAndMedium` or `all`; `default` leaves it to Defuse
        #[arg(value_parser = level)]
        level: Level,
    },
}

/// What can be set
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum SettingName {
    /// Which alerts of Microsoft Entra ID Protection are taken
    EntraIdProtection,
}

/// A level; none is the default
#[derive(Clone, Copy, Debug)]
pub(crate) struct Level(pub(crate) Option<EntraIdProtection>);

fn level(text: &str) -> Result<Level, String> {
    if text == "default" {
        return Ok(Level(None));
    }
    let names: Vec<&str> = EntraIdProtection::ALL.iter().map(|it| it.name()).collect();
    let level = EntraIdProtection::from_name(text);
    let level = level.ok_or_else(|| format!("it is one of {}, default", names.join(", ")))?;
    Ok(Level(Some(level)))
}

#[derive(Debug, Args)]
pub(crate) struct ChannelsArguments {
    #[command(flatten)]
    pub(crate) api: ApiArguments,
    #[command(subcommand)]
    pub(crate) command: ChannelCommand,
}

/// What is done with channels
#[derive(Debug, Subcommand)]
pub(crate) enum ChannelCommand {
    /// Lists them, without their addresses
    List,
    /// Sends a test message to one, by the way of every notification
    Test { name: String },
}
