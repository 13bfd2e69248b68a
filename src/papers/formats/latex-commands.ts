/** The commands of LaTeX that stand in running text of titles, names and abstracts. Accents are made of marks, not listed. */

/** Combining marks of the accents whose command is a sign: \"o, \'{e}. They bind to what follows at once. */
export const SIGN_ACCENTS: ReadonlyMap<string, string> = new Map([
  ['`', '\u0300'],
  ["'", '\u0301'],
  ['^', '\u0302'],
  ['~', '\u0303'],
  ['=', '\u0304'],
  ['.', '\u0307'],
  ['"', '\u0308'],
]);

/** Combining marks of the accents whose command is a letter: \c c, \v{s}. */
export const LETTER_ACCENTS: ReadonlyMap<string, string> = new Map([
  ['u', '\u0306'],
  ['r', '\u030a'],
  ['H', '\u030b'],
  ['v', '\u030c'],
  ['d', '\u0323'],
  ['c', '\u0327'],
  ['k', '\u0328'],
  ['b', '\u0331'],
  ['t', '\u0361'],
]);

/** Commands of a sign that stand for a character, a blank or nothing. */
export const SIGNS: ReadonlyMap<string, string> = new Map([
  ...[...'&%$#_{}'].map((sign) => [sign, sign] as const),
  ...[...' \t\n\r~,;:>\\'].map((sign) => [sign, ' '] as const),
  ...[...'!/-@'].map((sign) => [sign, ''] as const),
]);

/** Commands that stand for a letter; the blanks after them only end the name. */
export const LETTERS: ReadonlyMap<string, string> = new Map([
  ['ss', 'ß'],
  ['SS', 'ẞ'],
  ['o', 'ø'],
  ['O', 'Ø'],
  ['l', 'ł'],
  ['L', 'Ł'],
  ['ae', 'æ'],
  ['AE', 'Æ'],
  ['oe', 'œ'],
  ['OE', 'Œ'],
  ['aa', 'å'],
  ['AA', 'Å'],
  ['i', 'ı'],
  ['j', 'ȷ'],
  ['dh', 'ð'],
  ['DH', 'Ð'],
  ['dj', 'đ'],
  ['DJ', 'Đ'],
  ['th', 'þ'],
  ['TH', 'Þ'],
  ['ng', 'ŋ'],
  ['NG', 'Ŋ'],
]);

/** Commands that stand for a sign or a word; a blank after them is meant by most people who write one. */
export const SYMBOLS: ReadonlyMap<string, string> = new Map([
  ['TeX', 'TeX'],
  ['LaTeX', 'LaTeX'],
  ['BibTeX', 'BibTeX'],
  ['ldots', '…'],
  ['dots', '…'],
  ['textellipsis', '…'],
  ['textendash', '–'],
  ['textemdash', '—'],
  ['textquoteleft', '‘'],
  ['textquoteright', '’'],
  ['textquotedblleft', '“'],
  ['textquotedblright', '”'],
  ['textquotedbl', '"'],
  ['textquotesingle', "'"],
  ['lq', '‘'],
  ['rq', '’'],
  ['guillemotleft', '«'],
  ['guillemotright', '»'],
  ['textexclamdown', '¡'],
  ['textquestiondown', '¿'],
  ['textasciitilde', '~'],
  ['textasciicircum', '^'],
  ['textunderscore', '_'],
  ['textbar', '|'],
  ['textless', '<'],
  ['textgreater', '>'],
  ['slash', '/'],
  ['copyright', '©'],
  ['textcopyright', '©'],
  ['textregistered', '®'],
  ['texttrademark', '™'],
  ['textdegree', '°'],
  ['textmu', 'µ'],
  ['textpm', '±'],
  ['texttimes', '×'],
  ['textperiodcentered', '·'],
  ['textbullet', '•'],
  ['pounds', '£'],
  ['textsterling', '£'],
  ['texteuro', '€'],
  ['euro', '€'],
  ['S', '§'],
  ['P', '¶'],
  ['dag', '†'],
  ['ddag', '‡'],
  ['item', '•'],
]);

/** Commands that change only how text looks or where it stands: nothing of them is read. */
export const UNSEEN: ReadonlySet<string> = new Set(
  `bf em it rm sc sf sl tt bfseries itshape rmfamily scshape sffamily slshape ttfamily mdseries upshape normalfont
  tiny scriptsize footnotesize small normalsize large Large LARGE huge Huge centering raggedright noindent protect
  relax xspace displaystyle textstyle footnotemark maketitle smallskip medskip bigskip null leavevmode`.split(
    /\s+/,
  ),
);

/** Commands that stand for a blank. */
export const BLANKS: ReadonlySet<string> = new Set(
  'quad qquad space newline linebreak par hfill enspace thinspace newblock'.split(' '),
);

/** Commands whose first argument is no text of the reader's: it goes, and a second one stays (\href{address}{text}). */
export const DROPPED_ARGUMENTS: ReadonlySet<string> = new Set(
  `cite citep citet citealp citealt citeauthor citeyear citeyearpar parencite textcite autocite nocite footnote
  footnotetext thanks label ref eqref autoref cref Cref pageref href textcolor color colorbox texorpdfstring hspace
  vspace begin end includegraphics index hypertarget hyperlink phantom hphantom vphantom input bibliography
  bibliographystyle selectlanguage foreignlanguage`.split(/\s+/),
);

/**
 * Commands of math that mean something, with their argument or before a group: without their names other things would be said.
 * Those that only set letters upright or bold are not among them.
 */
export const MATH_COMMANDS: ReadonlySet<string> = new Set(
  `sqrt frac dfrac tfrac binom dbinom tbinom choose pmod mod mathbb mathcal mathfrak mathscr hat widehat bar overline
  vec tilde widetilde dot ddot overset underset overbrace underbrace stackrel substack sum prod int lim limsup liminf
  log ln lg exp sin cos tan min max sup inf arg det dim ker gcd Pr in notin subset subseteq cup cap setminus times
  cdot to pm mp le leq ge geq ne neq ll gg approx sim simeq equiv mapsto lfloor lceil left right big Big
  alpha beta gamma delta epsilon varepsilon zeta eta theta vartheta iota kappa lambda mu nu xi pi rho sigma tau upsilon
  phi varphi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega nabla partial infty ell`.split(
    /\s+/,
  ),
);
