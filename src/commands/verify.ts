/** `nearpaper verify`: the whole of an index folder or a backup, part by part. */
import { type Finding, type Remedy, verifyIndex } from '../generations/verify.js';
import { type CommandContext, configOf, type SettingFlags } from './context.js';
import { printJson, printLine } from './output.js';

/** Resolves to exit code 0 when every part is sound, 1 otherwise. */
export async function verifyCommand(
  context: CommandContext,
  folder: string | undefined,
  flags: SettingFlags & { json?: boolean },
): Promise<number> {
  const { signal, stdout } = context;
  const { indexFolder } = configOf(context, flags);
  const place = folder ?? indexFolder;
  const where = folder ?? flags.index;
  const findings: (Omit<Finding, 'remedy'> & { mend: string | null })[] = [];
  for await (const { remedy, ...finding } of verifyIndex(place, signal)) {
    const mend = remedy && commandOf(remedy, where);
    findings.push({ ...finding, mend });
    if (flags.json) continue;
    printLine(stdout, `${MARKS[finding.status]} ${finding.part}: ${finding.detail}`);
    if (mend !== null) printLine(stdout, `        mended by ${mend}`);
  }
  const sound = findings.every(({ status }) => status !== 'problem');
  if (flags.json) printJson(stdout, { sound, folder: place, findings });
  else printLine(stdout, conclusionOf(findings));
  return sound ? 0 : 1;
}

const MARKS = { ok: '   ok  ', warning: 'warning', problem: 'PROBLEM' } as const;

/** `where`: the folder, if it is not the one that commands take by themselves. */
function commandOf(remedy: Remedy, where: string | undefined): string {
  const index = where === undefined ? '' : ` --index ${where}`;
  switch (remedy) {
    case 'build':
      return `\`nearpaper build${index}\`: it makes the index again from the store, and embeds nothing`;
    case 'restore':
      return `\`nearpaper restore <backup>${index}\`, or without a backup \`nearpaper build --fresh <file>${index}\``;
    case 'journal':
      return `\`nearpaper restore <backup>${index}\`, or without the changes that cannot be read \`nearpaper build --discard-changes${index}\``;
    case 'pointer':
      return `writing the name of a generation beside it into CURRENT, or \`nearpaper restore <backup>${index}\``;
  }
}

function conclusionOf(findings: readonly Pick<Finding, 'status'>[]): string {
  const problems = findings.filter(({ status }) => status === 'problem').length;
  if (problems > 0) return `${problems} of ${findings.length} parts are damaged, see above.`;
  if (findings.some(({ status }) => status === 'warning'))
    return 'Nothing is damaged; see the warning above.';
  return `All ${findings.length} parts are sound.`;
}
