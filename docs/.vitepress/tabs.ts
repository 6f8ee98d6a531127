/**
 * Tabs. Two or more code blocks in a row, each under a line that is only a bold label, become one block with a tab
 * for each label. GitHub shows the labels and the blocks below one another.
 */

import type { MarkdownRenderer } from 'vitepress'

type Token = ReturnType<MarkdownRenderer['parse']>[number]

/** The tokens of a label and its code block: a paragraph's beginning, content and end, and the block. */
const labelledBlock = 4

export function tabs(md: MarkdownRenderer): void {
  md.core.ruler.push('tabs', state => {
    const { tokens, Token } = state
    const result: Token[] = []
    for (let index = 0; index < tokens.length; ) {
      const blocks = labelledBlocks(tokens, index)
      if (blocks.length < 2) {
        result.push(tokens[index++] as Token)
        continue
      }
      for (const { block, label } of blocks) block.info += ` [${label}]`
      result.push(
        new Token('container_code-group_open', 'div', 1),
        ...blocks.map(({ block }) => block),
        new Token('container_code-group_close', 'div', -1),
      )
      index += blocks.length * labelledBlock
    }
    state.tokens = result
  })
}

/** The code blocks in a row that have a label, beginning at a token. */
function labelledBlocks(
  tokens: readonly Token[],
  start: number,
): { label: string; block: Token }[] {
  const blocks: { label: string; block: Token }[] = []
  for (let index = start; ; index += labelledBlock) {
    const label = labelAt(tokens, index)
    const block = tokens[index + labelledBlock - 1]
    if (label === undefined || block?.type !== 'fence') return blocks
    blocks.push({ label, block })
  }
}

function labelAt(tokens: readonly Token[], index: number): string | undefined {
  if (tokens[index]?.type !== 'paragraph_open') return undefined
  const [open, text, close, ...rest] = (tokens[index + 1]?.children ?? []).filter(
    ({ type, content }) => type !== 'text' || content !== '',
  )
  const isLabel =
    open?.type === 'strong_open' && close?.type === 'strong_close' && rest.length === 0
  return isLabel ? text?.content : undefined
}
