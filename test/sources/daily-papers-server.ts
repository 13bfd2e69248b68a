/** Hugging Face's daily papers in small: a list a day, none for days to come. */
import { SourceServer } from './source-server.js';

export class DailyPapersServer extends SourceServer {
  /** Titles by day. */
  lists: Record<string, string[]>;
  today = '2024-03-10';

  constructor(lists: Record<string, string[]>) {
    super('/api/daily_papers', (_request, response, { searchParams }) => {
      const day = searchParams.get('date') ?? '';
      const isRight =
        /^\d{4}-\d{2}-\d{2}$/.test(day) && day <= this.today && searchParams.get('limit') === '100';
      response.writeHead(isRight ? 200 : 400, { 'Content-Type': 'application/json' });
      const titles = this.lists[day] ?? [];
      response.end(
        JSON.stringify(isRight ? titles.map((title, i) => entryOf(day, title, i)) : { error: 'no' }),
      );
    });
    this.lists = lists;
  }

  get days(): (string | null)[] {
    return this.asked.map(({ url }) => url.searchParams.get('date'));
  }
}

function entryOf(day: string, title: string, i: number): Record<string, unknown> {
  const publishedAt = `${day}T10:00:00.000Z`;
  const id = `${day.slice(2, 4)}${day.slice(5, 7)}.${day.slice(8)}${String(i).padStart(3, '0')}`;
  const authors = [{ _id: '1', name: 'Ada Lovelace', hidden: false }];
  const paper = { id, authors, publishedAt, title, summary: `We show that ${title} is so.`, upvotes: 3 };
  return { paper, publishedAt, title, numComments: 0, isAuthorParticipating: false };
}
