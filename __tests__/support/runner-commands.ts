export interface RunnerCommand {
  readonly name: string;
  readonly properties: Readonly<Record<string, string>>;
  readonly data: string;
}

/**
 * The commands that GitHub's runner would obey in a log, by the rules of its ActionCommand.cs and
 * ActionCommandManager.cs: lines end at CR or LF, `::name props::data` after any white space, `##[name props]data`
 * anywhere in a line, nothing between `::stop-commands::TOKEN` and `::TOKEN::`. Stricter than the runner in one
 * thing: any name counts, not only those that are registered.
 */
export function runnerCommands(log: string): RunnerCommand[] {
  const commands: RunnerCommand[] = [];
  let token: string | undefined;
  for (const line of log.split(/\r\n|\r|\n/)) {
    const command = newer(line) ?? older(line);
    if (command === undefined) continue;
    if (token !== undefined) {
      if (command.name === token) token = undefined;
      continue;
    }
    commands.push(command);
    if (command.name === 'stop-commands') token = command.data;
  }
  if (token !== undefined) throw new Error('the commands were stopped and never allowed again');
  return commands;
}

function newer(line: string): RunnerCommand | undefined {
  // .NET's TrimStart takes U+0085 for white space, JavaScript's does not.
  const match = /^[\s\u0085]*::(.*?)::(.*)$/.exec(line);
  if (match === null) return undefined;
  return parsed(match[1] ?? '', match[2] ?? '', ',', (text) =>
    text.replace(/%(0D|0A|3A|2C|25)/g, (_all, code: string) => String.fromCharCode(Number.parseInt(code, 16))),
  );
}

function older(line: string): RunnerCommand | undefined {
  const match = /##\[([^\]]*)\](.*)$/.exec(line);
  return match === null ? undefined : parsed(match[1] ?? '', match[2] ?? '', ';', (text) => text);
}

function parsed(info: string, data: string, separator: string, decode: (text: string) => string): RunnerCommand {
  const blank = info.indexOf(' ');
  const list = blank === -1 ? [] : info.slice(blank + 1).split(separator);
  const properties = list.flatMap((property): [string, string][] => {
    const equals = property.indexOf('=');
    return equals < 1 ? [] : [[property.slice(0, equals).trim(), decode(property.slice(equals + 1))]];
  });
  return {
    name: blank === -1 ? info : info.slice(0, blank),
    properties: Object.fromEntries(properties),
    data: decode(data),
  };
}
