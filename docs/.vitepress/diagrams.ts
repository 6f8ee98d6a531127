/** SVG images of docs/diagrams/ become part of the page, so that they follow its dark mode and not the system's. */

import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { MarkdownRenderer } from 'vitepress'

export function diagrams(md: MarkdownRenderer): void {
  const { image } = md.renderer.rules
  let count = 0
  md.renderer.rules.image = (tokens, index, options, env, self) => {
    const source = tokens[index]?.attrGet('src') ?? ''
    const isDiagram = source.includes('diagrams/') && env.path !== undefined
    if (!isDiagram) return image?.(tokens, index, options, env, self) ?? ''
    const svg = readFileSync(join(dirname(env.realPath ?? env.path), source), 'utf8')
    return inline(svg, `diagram-${++count}`)
  }
}

/** Without the colours of the file, which the theme sets, and with ids that occur once in the page. */
function inline(svg: string, prefix: string): string {
  const page = svg
    .replace(/<style>.*?<\/style>\s*/s, '')
    .replace(/id="(title|desc|arrow)"/g, `id="${prefix}-$1"`)
    .replace('aria-labelledby="title desc"', `aria-labelledby="${prefix}-title ${prefix}-desc"`)
    .replaceAll('url(#arrow)', `url(#${prefix}-arrow)`)
    .replace('<svg ', '<svg v-pre ')
    .trim()
  return `<span class="diagram-frame">${page}</span>`
}
