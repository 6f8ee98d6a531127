/** Task lists. GitHub shows `- [ ]` as an item with a checkbox, and so does the site. */

import type { MarkdownRenderer } from 'vitepress'

const mark = '[ ] '

export function taskLists(md: MarkdownRenderer): void {
  md.core.ruler.push('task-lists', ({ tokens, Token }) => {
    tokens.forEach((token, index) => {
      const [text] = token.children ?? []
      // The content of the paragraph that an item of a list begins with.
      if (tokens[index - 2]?.type !== 'list_item_open' || !text?.content.startsWith(mark)) return
      text.content = text.content.slice(mark.length)
      const checkbox = new Token('html_inline', '', 0)
      checkbox.content = '<input type="checkbox" aria-label="Done">'
      token.children?.unshift(checkbox)
      tokens[index - 2]?.attrJoin('class', 'task')
    })
  })
}
