/** What a text must be to be a query. */
import { NearpaperError } from '../errors.js';
import { isLonger } from '../papers/text-length.js';

export { isLonger };

/**
 * Throws unless `text` can be embedded: not blank, well-formed Unicode, at most `longest` characters (code
 * points). `field` names it in the message. Errors: `invalid_request`, `invalid_text`, `text_too_long`.
 */
export function checkText(text: string, field: string, longest: number): void {
  if (!text.isWellFormed() || text.includes('\0')) {
    const found = text.includes('\0') ? 'a NUL character' : 'half of a surrogate pair';
    throw new NearpaperError('invalid_text', `${field} contains ${found}.`, {
      field,
      accepted: 'Unicode text without NUL',
    });
  }
  if (text.trim() === '') {
    throw new NearpaperError('invalid_request', `${field} is empty.`, {
      field,
      accepted: 'a text with at least one word',
    });
  }
  if (isLonger(text, longest)) {
    throw new NearpaperError('text_too_long', `${field} is longer than ${longest} characters.`, {
      field,
      accepted: `at most ${longest} characters`,
    });
  }
}
