/**
 * Checks that a tag may be released: it is the version of package.json and jsr.json, and the changelog has a date for
 * it.
 *
 *     node tools/check-release.mjs v1.2.3
 */
import { readFileSync } from 'node:fs'

const read = name => readFileSync(new URL(`../${name}`, import.meta.url), 'utf8')
const [tag = ''] = process.argv.slice(2)
const problems = []
for (const name of ['package.json', 'jsr.json']) {
  const { version } = JSON.parse(read(name))
  if (tag !== `v${version}`) problems.push(`${name} has the version ${version}, the tag is ${tag}`)
}
const heading = new RegExp(
  `^## ${tag.slice(1).replaceAll('.', '\\.')} \\(\\d{4}-\\d\\d-\\d\\d\\)$`,
  'm',
)
if (!heading.test(read('CHANGELOG.md'))) {
  problems.push(`CHANGELOG.md has no heading "## ${tag.slice(1)} (YYYY-MM-DD)"`)
}
for (const problem of problems) console.error(problem)
process.exitCode = problems.length > 0 ? 1 : 0
