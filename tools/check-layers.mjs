/** Checks that no import in src/ runs to a higher layer or in a circle. Type-only imports count too. */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

const src = fileURLToPath(new URL('../src/', import.meta.url))

/** The layers of src/, lowest first. A file may import from its own layer and from lower ones. */
const layers = [
  ['lib', 'errors.ts'],
  ['runtime'],
  ['codec', 'http', 'backends'],
  ['session'],
  ['stores'],
  ['adapters', 'observe', 'index.ts'],
  ['go'],
  ['migrate'],
  ['express-session', 'testing'],
  ['cli', 'inspector', 'demo'],
]
const layerOf = file => layers.findIndex(names => names.includes(file.split('/')[0]))

const files = readdirSync(src, { recursive: true, withFileTypes: true })
  .filter(entry => entry.isFile() && entry.name.endsWith('.ts'))
  .map(entry => relative(src, join(entry.parentPath, entry.name)))
const importsOf = new Map(files.map(file => [file, importsIn(file)]))
const problems = []

for (const [file, imports] of importsOf) {
  if (layerOf(file) < 0)
    problems.push(`${file} is in no layer: add its folder to tools/check-layers.mjs`)
  for (const target of imports) {
    if (layerOf(target) > layerOf(file)) problems.push(`${file} imports upward: ${target}`)
  }
}
for (const circle of circles()) problems.push(`imports in a circle: ${circle.join(' → ')}`)

for (const problem of problems) console.error(problem)
if (problems.length > 0) process.exit(1)
console.log(`Checked the imports of ${files.length} files: none runs upward or in a circle.`)

function importsIn(file) {
  const text = readFileSync(join(src, file), 'utf8')
  const specifiers = text.matchAll(/^(?:import|export)\b[^'"]*?from '(\.{1,2}\/[^']+)'/gm)
  return [...specifiers].map(([, path]) => join(dirname(file), path))
}

/** One path for every import that closes a circle, found by a depth-first search. */
function circles() {
  const found = []
  const state = new Map()
  const walk = (file, path) => {
    if (state.get(file) === 'done') return
    if (path.includes(file)) {
      found.push([...path.slice(path.indexOf(file)), file])
      return
    }
    for (const target of importsOf.get(file) ?? []) walk(target, [...path, file])
    state.set(file, 'done')
  }
  for (const file of files) walk(file, [])
  return found
}
