/** Names of elements in the texts of publishers: HTML, JATS and MathML, without namespace prefix, in lower case. */

const words = (text: string) => new Set(text.split(/\s+/));

/** Elements that stand apart: what comes before and after is separated by a blank. */
export const BLOCKS: ReadonlySet<string> = words(
  'p br hr li ul ol dl dt dd div table thead tbody tfoot tr td th h1 h2 h3 h4 h5 h6 sec section title list ' +
    'list-item abstract blockquote pre center caption fig figure label disp-formula disp-quote def-list',
);

/** Blocks that are often not closed, and elements that never are. */
export const UNCLOSED: ReadonlySet<string> = words('p br hr li img wbr');

export const HEADINGS: ReadonlySet<string> = words('title h1 h2 h3 h4 h5 h6');

/** Elements whose text nobody reads. */
export const UNREAD: ReadonlySet<string> = words('script style annotation annotation-xml');

/** Elements that hold one formula, maybe in several notations. */
export const FORMULAS: ReadonlySet<string> = words('inline-formula disp-formula alternatives math');

/** Elements of MathML whose children are not just written one after the other. */
export const LAYOUTS: ReadonlySet<string> = words(
  'msup msub msubsup mfrac msqrt mroot munder munderover mmultiscripts',
);

const INLINE = words(
  'i b em strong u sub sup small big span font a tt code kbd samp var cite q abbr mark ins del dfn bold italic ' +
    'monospace underline overline strike roman sans-serif sc scp inf named-content styled-content xref ext-link ' +
    'email uri inline-formula tex-math alternatives inline-graphic graphic img wbr',
);
const MATH = words(
  'math mi mo mn ms mtext mspace mrow msup msub msubsup mfrac msqrt mroot munder mover munderover mmultiscripts ' +
    'mprescripts none mfenced mstyle mpadded mphantom mtable mtr mtd menclose merror maction semantics annotation ' +
    'annotation-xml',
);

/**
 * Whether an element of that name is markup where texts of computer science stand too: what is not known stays as
 * it is, such as <s>, <mask> and List<String>.
 */
export function isMarkupName(name: string): boolean {
  return INLINE.has(name) || BLOCKS.has(name) || MATH.has(name) || name === 'script' || name === 'style';
}
