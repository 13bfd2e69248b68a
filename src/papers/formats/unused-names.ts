import { FIELD_NAMES, isFieldName } from './record-fields.js';

/** How many names are told, and how much of each. */
const MOST_NAMES = 20;
const MOST_OF_A_NAME = 40;

/** The columns or fields of an input that no paper takes anything from, so that none is lost in silence. */
export class UnusedNames {
  readonly #names = new Set<string>();
  #what: 'Columns' | 'Fields' = 'Fields';
  #more = false;

  /** Takes the names of a table's header as they are written. */
  addColumns(names: readonly string[]): void {
    this.#what = 'Columns';
    for (const name of names) if (name.trim() !== '') this.#add(name.trim(), name.trim().toLowerCase());
  }

  /** Takes the names of a record's fields. */
  addFields(record: object): void {
    for (const name in record) this.#add(name, name);
  }

  /** What to tell about the input of that name; null when all of its names are used. */
  note(source: string): string | null {
    if (this.#names.size === 0) return null;
    const names = [...this.#names].map(
      (name) =>
        name.slice(0, MOST_OF_A_NAME).replaceAll(/\p{Cc}+/gu, ' ') +
        (name.length > MOST_OF_A_NAME ? '…' : ''),
    );
    const others = this.#more ? ' and others' : '';
    return `${this.#what} not used in ${source}: ${names.join(', ')}${others} (known: ${FIELD_NAMES.join(', ')}).`;
  }

  #add(written: string, name: string): void {
    if (isFieldName(name) || this.#names.has(written)) return;
    if (this.#names.size < MOST_NAMES) this.#names.add(written);
    else this.#more = true;
  }
}
