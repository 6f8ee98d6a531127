/**
 * Checks that the tests named in `docs/security/asvs.md` can fail: applies each mutant to a copy of the repository,
 * and runs the tests of its row there.
 *
 * Fails if a mutant does not apply or no test of its row finds it, if a named test finds no mutant of its row, or if a
 * row that names tests has no mutants. Only a failed assertion of a named test counts, so that a mutant that cannot be
 * loaded, or that throws, is not taken for one that was found.
 */

import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { namedTests, notPassed, type Row, root, rows, run } from './asvs.ts'
import { type Mutant, mutants } from './mutants.ts'

const folder = await mkdtemp(join(tmpdir(), 'silverback-mutants-'))
const problems: string[] = []
/** Tests that have found a mutant of their row. */
const effective = new Set<string>()

try {
  const copies = await Promise.all(Array.from({ length: availableParallelism() }, copyRepository))
  await inCopies(copies, [...namedTests()], async ([file, names], copy) => {
    for (const name of notPassed(names, await run(copy, file, names))) {
      problems.push(`${file}: "${name}" does not pass without a mutant`)
    }
  })
  if (problems.length === 0) await inCopies(copies, mutants, checkMutant)
} finally {
  await rm(folder, { recursive: true, force: true })
}

for (const row of rows) {
  if (row.tests.size > 0 && !mutants.some(mutant => mutant.row === row.id)) {
    problems.push(`${row.id} has no mutant`)
  }
}
if (problems.length === 0) {
  for (const row of rows) {
    for (const test of testsOf(row)) {
      if (!effective.has(test)) problems.push(`${test} finds no mutant of its row`)
    }
  }
}
for (const problem of problems) console.error(problem)
if (problems.length > 0) process.exit(1)
console.log(`${mutants.length} mutants were found by the ${effective.size} tests of their rows.`)

/** Makes a copy that is mutated in place of the repository. */
async function copyRepository(_: unknown, index: number): Promise<string> {
  const copy = join(folder, String(index))
  for (const part of ['src', 'test', 'docs', 'package.json', 'tsconfig.json']) {
    await cp(join(root, part), join(copy, part), { recursive: true })
  }
  await symlink(join(root, 'node_modules'), join(copy, 'node_modules'))
  return copy
}

/** Calls `work` for every item, with one item at a time in each copy. */
async function inCopies<T>(
  copies: readonly string[],
  items: readonly T[],
  work: (item: T, copy: string) => Promise<void>,
): Promise<void> {
  const left = items.values()
  await Promise.all(
    copies.map(async copy => {
      for (const item of left) await work(item, copy)
    }),
  )
}

async function checkMutant(mutant: Mutant, copy: string): Promise<void> {
  const { row: id, file, find, replace, breaks } = mutant
  const problem = (text: string): unknown => problems.push(`${id}: ${text}: ${breaks}`)
  const row = rows.find(row => row.id === id)
  const path = join(copy, file)
  const source = await readFile(path, 'utf8')
  const count = source.split(find).length - 1
  if (!row) return void problem('no such row')
  if (count !== 1) return void problem(`the text to replace occurs ${count} times in ${file}`)
  await writeFile(
    path,
    source.replace(find, () => replace),
  )
  try {
    const found = await findersOf(row, copy)
    if (found.length === 0) problem('no test of the row finds the mutant')
    for (const test of found) effective.add(test)
  } finally {
    await writeFile(path, source)
  }
}

/** The tests of the row that find the fault in the copy. */
async function findersOf(row: Row, copy: string): Promise<string[]> {
  const found: string[] = []
  for (const [file, names] of row.tests) {
    const outcomes = await run(copy, file, names)
    const failed = outcomes.filter(({ isAssertion }) => isAssertion)
    found.push(...failed.map(({ name }) => titleOf(row, file, name)))
  }
  return found
}

function testsOf(row: Row): string[] {
  return [...row.tests].flatMap(([file, names]) => names.map(name => titleOf(row, file, name)))
}

function titleOf({ id }: Row, file: string, name: string): string {
  return `${id}: ${file}: "${name}"`
}
