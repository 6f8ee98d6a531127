/**
 * Checks the built documentation: every link inside the site leads to a page or file of it, and to an anchor that
 * the page has; every page is reached from the home page in two clicks; llms.txt lists files that exist.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, posix, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

const dist = fileURLToPath(new URL('../docs/.vitepress/dist/', import.meta.url))
const clicks = 2

/** The pages by address: `/` and `/adapters/` for the index of a folder, `/errors` for the others. */
const pages = new Map(
  readdirSync(dist, { recursive: true })
    .filter(file => file.endsWith('.html') && file !== '404.html')
    .map(file => [addressOf(file), readPage(file)]),
)
const problems = []

for (const [address, { links }] of pages) {
  for (const link of links) {
    const { path, fragment } = resolve(address, link)
    const page = pages.get(path)
    if (!page && !existsSync(join(dist, path)))
      problems.push(`${address} links to ${link}: no page`)
    if (page && fragment && !page.ids.has(fragment)) {
      problems.push(`${address} links to ${link}: no such anchor`)
    }
  }
}
const reached = reachedFrom('/', clicks)
for (const address of pages.keys()) {
  if (!reached.has(address)) {
    problems.push(
      `${address} is not reached in ${clicks} clicks: add it to docs/.vitepress/sidebar.ts`,
    )
  }
}
for (const [, path] of readFileSync(join(dist, 'llms.txt'), 'utf8').matchAll(/\]\((\/[^)]+)\)/g)) {
  if (!existsSync(join(dist, path))) problems.push(`llms.txt links to ${path}: no such file`)
}

for (const problem of problems) console.error(problem)
if (problems.length > 0) process.exit(1)
console.log(`Checked the links of ${pages.size} pages.`)

function addressOf(file) {
  return `/${file.split(sep).join('/')}`.replace(/(?:(\/)index)?\.html$/, '$1')
}

function readPage(file) {
  const html = readFileSync(join(dist, file), 'utf8')
  return {
    ids: new Set([...html.matchAll(/\sid="([^"]+)"/g)].map(match => unescapeHtml(match[1]))),
    links: [...html.matchAll(/<(?:a|img|link)\s[^>]*?(?:href|src)="([^"]*)"/g)]
      .map(match => unescapeHtml(match[1]))
      .filter(link => !/^[a-z][a-z+.-]*:/i.test(link)),
  }
}

function unescapeHtml(text) {
  return text
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&amp;', '&')
}

function resolve(address, link) {
  const [path, fragment = ''] = link.split('#')
  const absolute = path === '' ? address : posix.resolve(posix.dirname(`${address}x`), path)
  return {
    path: path.endsWith('/') && absolute !== '/' ? `${absolute}/` : absolute,
    fragment: decodeURIComponent(fragment),
  }
}

/** The pages that are at most so many clicks away from a page. */
function reachedFrom(start, clicks) {
  const reached = new Set([start])
  for (let click = 0; click < clicks; click++) {
    for (const address of [...reached]) {
      for (const link of pages.get(address)?.links ?? []) reached.add(resolve(address, link).path)
    }
  }
  return reached
}
