import { keywordIndexOf, openKeywordIndex } from '../../src/keywords/keyword-file.js';
import { writeKeywords } from '../keywords/files.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { keywordIndexContract } from './keyword-index.js';

keywordIndexContract({ name: 'in memory', open: async (_t, papers) => keywordIndexOf(papers) });

keywordIndexContract({
  name: 'from a file',
  async open(t, papers) {
    const folder = await temporaryFolder(t);
    return openKeywordIndex(folder, await writeKeywords(folder, papers));
  },
});
