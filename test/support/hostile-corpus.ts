/** Papers as an attacker would write them who gets his file into a corpus. */
import type { PaperRecord } from './corpus.js';

/** Ids that mean something to a file system, a browser, a spreadsheet or a URL parser. */
export const HOSTILE_IDS = [
  '../../../../etc/passwd',
  '..',
  '.',
  '/etc/passwd',
  '%2e%2e%2fpackage.json',
  '%00',
  'C:\\Windows\\win.ini',
  'file:///etc/passwd',
  '<script>alert(1)</script>',
  '=HYPERLINK("http://evil.example","click")',
  '__proto__',
  '$(touch pwned)',
  '"\'; DROP TABLE papers; --',
];

/** What a browser, a spreadsheet or a terminal would act on. The last three are control sequences, C0 and C1. */
export const HOSTILE_TEXTS = [
  '<img src=x onerror=alert(1)>',
  '</script><script>alert(1)</script>',
  '=HYPERLINK("http://evil.example","click")',
  "+cmd|' /C calc'!A0",
  "@SUM(1+1)*cmd|' /C calc'!A0",
  "-2+3+cmd|' /C calc'!A0",
  'red \u001b[31m and a new window title \u001b]0;pwned\u0007',
  'cleared \u009b2J and \u009d52;c;cHduZWQ=\u009c copied',
  'over\rwritten\u0008\u0008 \u0000 line\u2028 after line',
];

export const HOSTILE_PAPERS: readonly PaperRecord[] = HOSTILE_IDS.map((id, i) => {
  const text = HOSTILE_TEXTS[i % HOSTILE_TEXTS.length] ?? '';
  return {
    id,
    title: `${text} of language models ${i}`,
    abstract: `${text} ${text}. We train language models. ${text}`,
    authors: [text, 'Ada\u001b[2J Lovelace'],
    venue: text,
    categories: [text],
    doi: text,
    url: i % 2 === 0 ? 'javascript:alert(1)' : `https://example.org/${text}`,
  };
});
