/** The flags of queries. This file says what --help needs and no more, so that help comes at once. */
import { type Command, Option } from 'commander';
import type { SettingFlags } from './context.js';

/** As commander names them; a flag that was not given is absent, so that the request's own default holds. */
export interface QueryFlags extends SettingFlags {
  limit?: string;
  fields?: string[];
  from?: string;
  to?: string;
  category?: string[];
  venue?: string;
  author?: string;
  only?: string[];
  exclude?: string[];
  minSimilarity?: string;
  diversity?: string;
  explain?: boolean;
  exact?: boolean;
  json?: boolean;
}

export interface SearchFlags extends QueryFlags {
  mode?: string;
}

export interface RecommendFlags extends SearchFlags {
  positive?: string[];
  positiveText?: string[];
  negative?: string[];
  negativeText?: string[];
  strategy?: string;
  request?: string;
}

export interface PapersFlags extends QueryFlags {
  cursor?: string;
  all?: boolean;
}

const DAY = 'a day, month or year: 2024-05-31, 2024-05 or 2024';

/** The flags that choose among papers. */
export function withFilters(command: Command): Command {
  return command
    .option('--from <day>', `published no earlier than this; ${DAY}`)
    .option('--to <day>', 'published no later than this')
    .addOption(repeatable('--category <name>', 'in this category; cs.* stands for all that begin with cs.'))
    .option('--venue <words>', 'these words stand in the venue')
    .option('--author <name>', 'by this author: a name or part of one');
}

/** The flags that every query for nearest papers takes. */
export function withQueryFlags(command: Command): Command {
  return withFilters(command.option('-n, --limit <number>', 'how many papers (default: 10)'))
    .addOption(repeatable('--only <id>', 'none but this paper and others named so'))
    .addOption(repeatable('--exclude <id>', 'not this paper'))
    .option('--min-similarity <number>', 'at least this similar, -1 to 1')
    .option('--diversity <number>', '0 orders by score alone (the default), up to 1 for more variety')
    .option('--explain', 'say why each paper is there')
    .option('--exact', 'exhaustive search: recall 1')
    .option('--json', 'print the answer as the HTTP API gives it')
    .addOption(
      repeatable('--fields <names>', 'with --json: what to print of each paper, such as title,abstract'),
    );
}

/** What papers are compared by. */
export function withMode(command: Command): Command {
  return command.option('--mode <mode>', 'hybrid (meaning and words, the default), semantic or keyword');
}

/** An option that collects its values. */
export function repeatable(flags: string, description: string): Option {
  return new Option(flags, `${description} (repeatable)`).argParser(
    (value: string, before: string[] | undefined) => [...(before ?? []), value],
  );
}
