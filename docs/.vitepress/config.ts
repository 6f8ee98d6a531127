/** The documentation site: `npm run docs` serves it, `npm run docs:build` builds it. */

import { defineConfig, type MarkdownEnv, type MarkdownRenderer } from 'vitepress'
import llms from 'vitepress-plugin-llms'
import { diagrams } from './diagrams.ts'
import { repositoryLinks, slugify } from './repository-links.ts'
import { sidebar } from './sidebar.ts'
import { tabs } from './tabs.ts'
import { taskLists } from './task-lists.ts'

const description =
  'Sessions for TypeScript servers: encrypted cookies, Redis, PostgreSQL and more, without lost updates.'

/** Pages whose tables need the room of the outline, unless the screen is wide. */
const wideTables = ['adapters/cases.md', 'comparison.md', 'reference/options.md']

export default defineConfig({
  title: 'Silverback',
  description,
  lang: 'en',
  cleanUrls: true,
  // GitHub shows README.md as the page of a folder, a web server shows index.html.
  rewrites: id => id.replace(/(^|\/)README\.md$/, '$1index.md'),
  head: [
    ['link', { rel: 'icon', type: 'image/svg+xml', href: '/icon.svg' }],
    ['meta', { name: 'theme-color', content: '#3f6b63' }],
  ],
  markdown: {
    anchor: { slugify },
    config: md => {
      md.use(repositoryLinks).use(tabs).use(taskLists).use(diagrams)
    },
  },
  transformPageData(page) {
    if (wideTables.includes(page.filePath)) page.frontmatter.pageClass = 'wide'
  },
  themeConfig: {
    logo: '/icon.svg',
    nav: [
      { text: 'Get started', link: '/getting-started' },
      { text: 'Stores', link: '/backends/' },
      { text: 'Frameworks', link: '/adapters/' },
      {
        text: 'Reference',
        items: [
          { text: 'Options', link: '/reference/options' },
          { text: 'Cookie attributes', link: '/reference/cookie-attributes' },
          { text: 'Errors', link: '/errors' },
          { text: 'API', link: '/api/' },
        ],
      },
      { text: 'Changelog', link: '/project/changelog' },
    ],
    sidebar,
    outline: [2, 3],
    search: { provider: 'local', options: { _render: searchText } },
    externalLinkIcon: true,
  },
  vite: {
    // The index of the search, which is loaded when somebody searches.
    build: { chunkSizeWarningLimit: 2000 },
    plugins: [
      llms({
        description,
        excludeIndexPage: false,
        ignoreFilesPerOutput: { llmsFullTxt: ['api/**', 'project/**', 'adapters/cases.md'] },
      }),
    ],
  },
})

/** What the search finds. Of the API reference that is the names only: its text would bury the guides. */
function searchText(page: string, env: MarkdownEnv, md: MarkdownRenderer): string {
  const isReference = env.relativePath.startsWith('api/')
  return md.render(isReference ? headings(page) : page, env)
}

function headings(page: string): string {
  return (page.match(/^#{1,5} .*$/gm) ?? []).join('\n\n')
}
