/** `npm run bench:size`: a table of {@link measureSizes}. */

import { measureSizes, sessions } from './measure.ts'

const sizes = await measureSizes()
const [first] = sizes
const columns = Object.keys(sessions)

console.log(`| bytes of cookie values | encrypted | ${columns.join(' | ')} |`)
console.log(`|---|---|${columns.map(() => '---:').join('|')}|`)
for (const { library, encrypts, bytes } of sizes) {
  const cells = columns.map(column => {
    const ratio = (bytes[column] as number) / (first?.bytes[column] as number)
    return `${bytes[column]} (${ratio.toFixed(2)}×)`
  })
  console.log(`| ${library} | ${encrypts ? 'yes' : 'no'} | ${cells.join(' | ')} |`)
}
process.exit()
