/**
 * Relative links of the pages lead to files of the repository, so that they work on GitHub. On the site they lead
 * to pages: also if a page includes a file outside of docs/, whose links are relative to that file.
 */

import { posix, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { MarkdownEnv, MarkdownRenderer } from 'vitepress'

/** The pages that show a Markdown file from outside of docs/, by that file. */
const included: Readonly<Record<string, string>> = {
  'README.md': '/',
  'SECURITY.md': '/project/security',
  'CHANGELOG.md': '/project/changelog',
  'CONTRIBUTING.md': '/project/contributing',
  'bench/README.md': '/project/benchmarks',
  'bench/RESULTS.md': '/project/benchmarks-in-process',
  'bench/http/RESULTS.md': '/project/benchmarks-http',
  'bench/scale/RESULTS.md': '/project/benchmarks-scale',
}

const root = fileURLToPath(new URL('../..', import.meta.url))

export function repositoryLinks(md: MarkdownRenderer): void {
  md.core.ruler.push('repository-links', ({ tokens, env }) => {
    const source = sourceOf(env)
    if (source === undefined) return // a title, without a page
    for (const token of tokens.flatMap(token => token.children ?? [])) {
      const href = token.type === 'link_open' && token.attrGet('href')
      if (!href || !isRelative(href)) continue
      const target = resolve(source, href)
      if (target) token.attrSet('href', target)
      else token.attrs = null // a file that is no page, such as the source of an example
    }
  })
}

/** The file of the repository that a page shows. */
function sourceOf({ includes, realPath, path }: Partial<MarkdownEnv>): string | undefined {
  const file = includes?.[0] ?? realPath ?? path
  return file && relative(root, file).replaceAll(sep, '/')
}

function isRelative(href: string): boolean {
  return !/^(?:[a-z][a-z+.-]*:|\/|#)/i.test(href)
}

/** The address of the page that a link leads to. Undefined if the site has no page for it. */
function resolve(source: string, href: string): string | undefined {
  const [path = '', fragment] = href.split('#')
  const file = posix.join(posix.dirname(source), path)
  const page = included[file] ?? pageOf(file)
  return page && (fragment ? `${page}#${fragment}` : page)
}

function pageOf(file: string): string | undefined {
  const [, page] = /^docs\/(.*)\.md$/.exec(file) ?? []
  return page && `/${page.replace(/(^|\/)(?:README|index)$/, '$1')}`
}

/** The anchor of a heading, as GitHub makes it: links to anchors work there and on the site. */
export function slugify(heading: string): string {
  return heading
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{M}\p{N}\p{Pc} -]/gu, '')
    .replaceAll(' ', '-')
}
