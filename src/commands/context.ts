/** What a command gets from the entry, and the frame in which it runs. */
import { type Config, readConfig, type SettingSource } from '../config.js';

export interface CommandContext {
  arguments: readonly string[];
  environment: Record<string, string | undefined>;
  stdin: NodeJS.ReadStream;
  stdout: NodeJS.WriteStream;
  stderr: NodeJS.WriteStream;
  /** Aborts on SIGINT and SIGTERM. */
  signal: AbortSignal;
  stoppedBy: () => 'SIGINT' | 'SIGTERM' | undefined;
  /** Registers what SIGHUP does; it does so at once when one came before. */
  onReload: (listener: () => void) => void;
}

/** Flags that stand for a setting, as commander names them. */
export interface SettingFlags {
  index?: string;
  model?: string;
  port?: string;
  host?: string;
  logLevel?: string;
  follow?: string;
}

const FLAG_SETTINGS = {
  index: 'NEARPAPER_INDEX',
  model: 'NEARPAPER_MODEL',
  port: 'PORT',
  host: 'HOST',
  logLevel: 'LOG_LEVEL',
  follow: 'NEARPAPER_FOLLOW',
} as const;

/** Environment and flags as one Config. Errors: `config_invalid`. */
export function configOf(context: CommandContext, flags: SettingFlags): Config {
  const given: SettingSource = {};
  for (const [flag, setting] of Object.entries(FLAG_SETTINGS)) {
    const value = flags[flag as keyof SettingFlags];
    if (value !== undefined) given[setting] = value;
  }
  return readConfig(context.environment, given);
}
