/** Plots with logarithmic axes as SVG, in greys and hues that read on white and on black. */

export interface Series {
  name: string;
  /** Both coordinates above 0. */
  points: readonly (readonly [x: number, y: number])[];
}

export interface Plot {
  title: string;
  x: string;
  y: string;
  series: readonly Series[];
}

const WIDTH = 640;
const HEIGHT = 400;
const FRAME = { left: 76, right: 176, top: 40, bottom: 52 };
const INK = '#7d8590';
const HUES = ['#2f81f7', '#d9822b', '#3fa34d', '#a371f7', '#db61a2', '#8b949e'];

/** Whole powers of ten that enclose all values. */
function decades(values: readonly number[]): { from: number; to: number } {
  const from = Math.floor(Math.log10(Math.min(...values)));
  const to = Math.ceil(Math.log10(Math.max(...values)));
  return { from, to: to > from ? to : from + 1 };
}

/** 1000 as 1k, 0.001 as it is. */
function label(value: number): string {
  if (value >= 1e9) return `${value / 1e9}G`;
  if (value >= 1e6) return `${value / 1e6}M`;
  if (value >= 1e3) return `${value / 1e3}k`;
  return String(Number(value.toPrecision(2)));
}

/** One SVG document. Throws for a plot without points, or with one that is not above 0. */
export function logPlot({ title, x, y, series }: Plot): string {
  const points = series.flatMap((one) => one.points);
  if (points.length === 0 || points.flat().some((value) => !(value > 0))) {
    throw new RangeError(`${title}: a logarithmic plot needs points above 0`);
  }
  const xs = decades(points.map(([at]) => at));
  const ys = decades(points.map(([, at]) => at));
  const right = WIDTH - FRAME.right;
  const bottom = HEIGHT - FRAME.bottom;
  const across = (value: number) => place(value, xs, FRAME.left, right);
  const up = (value: number) => place(value, ys, bottom, FRAME.top);
  const parts = [
    text(FRAME.left, 22, title, 'start', 15),
    text((FRAME.left + right) / 2, HEIGHT - 12, x, 'middle'),
    `<g transform="translate(18 ${(FRAME.top + bottom) / 2}) rotate(-90)">${text(0, 0, y, 'middle')}</g>`,
  ];
  for (let power = xs.from; power <= xs.to; power++) {
    const at = across(10 ** power);
    parts.push(line(at, FRAME.top, at, bottom), text(at, bottom + 18, label(10 ** power), 'middle'));
  }
  for (let power = ys.from; power <= ys.to; power++) {
    const at = up(10 ** power);
    parts.push(line(FRAME.left, at, right, at), text(FRAME.left - 8, at + 4, label(10 ** power), 'end'));
  }
  series.forEach((one, i) => {
    const hue = HUES[i % HUES.length] ?? INK;
    const places = one.points.map(([px, py]) => [across(px).toFixed(1), up(py).toFixed(1)] as const);
    const path = places.map(([px, py]) => `${px},${py}`).join(' ');
    parts.push(`<polyline points="${path}" fill="none" stroke="${hue}" stroke-width="2"/>`);
    for (const [px, py] of places) parts.push(`<circle cx="${px}" cy="${py}" r="3.5" fill="${hue}"/>`);
    parts.push(text(right + 12, FRAME.top + 14 + 20 * i, one.name, 'start', 12, hue));
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="system-ui, sans-serif" ` +
      `role="img" aria-label="${escaped(title)}">`,
    ...parts,
    '</svg>\n',
  ].join('\n');
}

function place(
  value: number,
  { from, to }: { from: number; to: number },
  start: number,
  end: number,
): number {
  return start + ((Math.log10(value) - from) / (to - from)) * (end - start);
}

function line(x1: number, y1: number, x2: number, y2: number): string {
  const ends = `x1="${x1.toFixed(1)}" y1="${y1.toFixed(1)}" x2="${x2.toFixed(1)}" y2="${y2.toFixed(1)}"`;
  return `<line ${ends} stroke="${INK}" stroke-opacity=".3"/>`;
}

function text(x: number, y: number, content: string, anchor: string, size = 12, fill = INK): string {
  const at = `x="${x.toFixed(1)}" y="${y.toFixed(1)}" font-size="${size}" text-anchor="${anchor}" fill="${fill}"`;
  return `<text ${at}>${escaped(content)}</text>`;
}

function escaped(content: string): string {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
