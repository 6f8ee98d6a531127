/**
 * What a command is.
 *
 * @module
 */

import type { ArgsDef, ParsedArgs } from 'citty'
import type { ExitCode } from './exit-codes.ts'
import type { Style } from './style.ts'

/** What a command finds out. The runner prints it, either for people or as JSON. */
export interface Outcome {
  /** What people read, one line each. */
  readonly lines: readonly string[]
  /** What `--json` prints, as one document. */
  readonly json: unknown
  /** Default: 0. */
  readonly exitCode?: ExitCode
}

/** What a command can use besides its arguments. */
export interface Context {
  readonly env: Readonly<Record<string, string | undefined>>
  /** The working directory. Paths in arguments are relative to it. */
  readonly cwd: string
  /** Aborted at the first Ctrl-C. A command then stops at the next point that leaves nothing half done. */
  readonly signal: AbortSignal
  /** True with `--json`: the standard output must hold nothing but JSON. */
  readonly isJson: boolean
  /** True if a person can be asked: the standard input and output are terminals, and `--json` is missing. */
  readonly isInteractive: boolean
  /** Adds colours, if the standard output shows them. */
  readonly style: Style
  /** Reads the standard input to its end, as UTF-8. */
  readInput(): Promise<string>
  /** Prints one result of many before the command ends: a line for people, one line of JSON with `--json`. */
  print(line: string, json: unknown): void
  /** Prints a remark for people, to the standard error. */
  remark(line: string): void
  /**
   * Shows progress for people in the last line of the standard error, instead of what was shown before. Without an
   * argument, removes it. Not shown if the standard error is no terminal.
   */
  progress(line?: string): void
}

/** One command, such as `silverback keygen`. */
export interface Command<Args extends ArgsDef = ArgsDef> {
  readonly description: string
  readonly args: Args
  /** Whether the first argument can be the handle of a session, which may begin with a dash. */
  readonly takesHandle?: boolean
  /**
   * Throws a {@link UsageError} for wrong arguments, and a {@link FailedError} if something it needs is missing or
   * fails. Without an outcome, nothing more is printed.
   */
  run(args: ParsedArgs<Args>, context: Context): Promise<Outcome | undefined>
}

/** Commands with a common first word, such as `silverback sessions list`. */
export interface CommandGroup {
  readonly description: string
  readonly commands: Commands
}

/** Commands by name. Each is loaded only if it runs or its help is shown. */
export type Commands = ReadonlyMap<string, () => Promise<Command | CommandGroup>>

/** Returns the command as it is, with its arguments typed. */
export function command<const Args extends ArgsDef>(definition: Command<Args>): Command {
  return definition as unknown as Command
}
