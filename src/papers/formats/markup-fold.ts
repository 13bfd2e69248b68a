import { BLOCKS, FORMULAS, HEADINGS, LAYOUTS, UNCLOSED, UNREAD } from './markup-names.js';

/** Longer ones are no exponents, and looking at them would take time quadratic in the depth of nesting. */
const MOST_OF_A_SCRIPT = 40;
const MOST_OF_A_HEADING = 40;

const SUPERSCRIPTS: ReadonlyMap<string, string> = new Map(
  [...'0123456789+-−=()'].map((plain, index) => [plain, '⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾'.charAt(index)]),
);

/** An element that is open. Texts grow by adding, which takes no time; nothing looks into a long one. */
interface Frame {
  name: string;
  text: string;
  /** Of an element that lays out its children, each of them. */
  children: string[];
  /** The first formula in TeX that is in it; null when there is none. */
  tex: string | null;
  /** Whether what is in it is a formula in TeX. */
  isTex: boolean;
}

/** Folds the elements of a text, as they open and close, into plain text. Elements left open close at the end. */
export class MarkupFold {
  readonly #root: Frame = frameOf('', false);
  readonly #frames: Frame[] = [];
  /** How many elements of each name are open. */
  readonly #open = new Map<string, number>();

  text(text: string): void {
    const frame = this.#top();
    const isLaidOut = this.#isOpen('math') && frame.name !== 'mtext' && !frame.isTex;
    frame.text += isLaidOut ? text.trim() : text;
  }

  open(name: string, encoding: string): void {
    if (BLOCKS.has(name) || name === 'mspace') this.#top().text += ' ';
    if (UNCLOSED.has(name)) return;
    const isTex =
      name === 'tex-math' || (name === 'annotation' && /^application\/x-(?:la)?tex$/i.test(encoding));
    this.#frames.push(frameOf(name, isTex));
    this.#open.set(name, this.#count(name) + 1);
  }

  close(name: string): void {
    if (this.#isOpen(name)) while (this.#closeTop() !== name);
    if (BLOCKS.has(name)) this.#top().text += ' ';
  }

  /** The plain text. */
  end(): string {
    while (this.#frames.length > 0) this.#closeTop();
    return this.#root.text;
  }

  #top(): Frame {
    return this.#frames.at(-1) ?? this.#root;
  }

  #count(name: string): number {
    return this.#open.get(name) ?? 0;
  }

  #isOpen(name: string): boolean {
    return this.#count(name) > 0;
  }

  #closeTop(): string {
    const frame = this.#frames.pop() ?? this.#root;
    this.#open.set(frame.name, this.#count(frame.name) - 1);
    const parent = this.#top();
    // A formula of several notations takes its TeX when it closes.
    const isInFormula = frame.isTex && [...FORMULAS].some((name) => this.#isOpen(name));
    if (isInFormula) parent.tex ??= frame.text;
    else if (!FORMULAS.has(frame.name)) parent.tex ??= frame.tex;
    const text = isInFormula ? '' : plainOf(frame);
    parent.text += text;
    if (LAYOUTS.has(parent.name)) parent.children.push(text);
    return frame.name;
  }
}

function frameOf(name: string, isTex: boolean): Frame {
  return { name, text: '', children: [], tex: null, isTex };
}

function plainOf({ name, text, children, tex, isTex }: Frame): string {
  if (isTex) return texInText(text);
  if (UNREAD.has(name)) return '';
  if (FORMULAS.has(name)) return tex === null ? text : texInText(tex);
  if (name === 'sup') return superscript(text) ?? text;
  if (HEADINGS.has(name)) return isAbstractHeading(text) ? '' : text;
  return LAYOUTS.has(name) ? laidOut(name, children) : text;
}

/** Layouts of MathML in one line, in the notation of TeX where Unicode has none. */
function laidOut(name: string, children: string[]): string {
  const [base = '', first = '', second = ''] = children;
  switch (name) {
    case 'msup':
      return base + raised(first);
    case 'msub':
    case 'munder':
      return base + lowered(first);
    case 'msubsup':
    case 'munderover':
      return base + lowered(first) + raised(second);
    case 'mfrac':
      return `${grouped(base, '()')}/${grouped(first, '()')}`;
    case 'msqrt':
      return `√${grouped(children.join(''), '()')}`;
    case 'mroot':
      return `${raised(first)}√${grouped(base, '()')}`;
    default:
      return children.join('');
  }
}

function raised(text: string): string {
  if (text === '') return '';
  return superscript(text) ?? `^${grouped(text, '{}')}`;
}

function lowered(text: string): string {
  return text === '' ? '' : `_${grouped(text, '{}')}`;
}

/** In brackets unless it is one character. */
function grouped(text: string, brackets: '()' | '{}'): string {
  const isOne = text.length <= 2 && [...text].length <= 1;
  return isOne ? text : `${brackets.charAt(0)}${text}${brackets.charAt(1)}`;
}

/** Digits and signs raised; undefined where there is anything else. */
export function superscript(text: string): string | undefined {
  if (text.length > MOST_OF_A_SCRIPT) return undefined;
  let raisedText = '';
  for (const character of text.trim()) {
    const above = SUPERSCRIPTS.get(character);
    if (above === undefined) return undefined;
    raisedText += above;
  }
  return raisedText === '' ? undefined : raisedText;
}

function isAbstractHeading(text: string): boolean {
  return text.length <= MOST_OF_A_HEADING && /^\s*abstract\s*[.:]?\s*$/i.test(text);
}

/** TeX between dollars; publishers write a whole document around one formula. */
function texInText(tex: string): string {
  const begin = tex.indexOf('\\begin{document}');
  const end = tex.lastIndexOf('\\end{document}');
  const body =
    begin === -1 ? tex : tex.slice(begin + '\\begin{document}'.length, end > begin ? end : undefined);
  let [from, to] = [0, body.length];
  while (from < to && /[\s$]/.test(body.charAt(from))) from += 1;
  while (to > from && /[\s$]/.test(body.charAt(to - 1))) to -= 1;
  return from === to ? '' : `$${body.slice(from, to)}$`;
}
