import { type Fixture, TITLES } from './fixture.js';

const [a, b] = TITLES;

const article = (title: string) =>
  '<PubmedArticle>\n<MedlineCitation><PMID Version="1">38172023</PMID>\n<Article><ArticleTitle>' +
  `${title}</ArticleTitle></Article></MedlineCitation>\n</PubmedArticle>\n`;

export const pubmedXml: Fixture = {
  text:
    '<?xml version="1.0"?>\n<!DOCTYPE PubmedArticleSet PUBLIC "-//NLM//DTD PubMedArticle//EN" "https://x/p.dtd">\n' +
    `<PubmedArticleSet>\n${article(a)}${article(' ')}${article(b)}</PubmedArticleSet>\n`,
  lines: [4, 12],
  bad: { line: 8, reason: /^no title$/ },
};
