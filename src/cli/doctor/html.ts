/**
 * Finds the forms in an HTML page: enough to submit a sign-in form with its hidden fields.
 *
 * @module
 */

export interface Form {
  readonly action: string | undefined
  readonly method: 'GET' | 'POST'
  readonly fields: readonly Field[]
}

export interface Field {
  readonly name: string
  /** In lower case, `text` by default. */
  readonly type: string
  readonly value: string
}

/** Returns the forms of a page, in their order. Takes linear time for any text. */
export function formsOf(html: string): Form[] {
  const forms: (Form & { fields: Field[] })[] = []
  let isInside = false
  for (const { name, attributes } of tagsOf(html)) {
    if (name === '/form') isInside = false
    if (name === 'form') {
      isInside = true
      const method = attributes.get('method')?.toUpperCase() === 'POST' ? 'POST' : 'GET'
      forms.push({ action: attributes.get('action'), method, fields: [] })
    }
    const field = attributes.get('name')
    if (isInside && name === 'input' && field) {
      const type = attributes.get('type')?.toLowerCase() ?? 'text'
      forms.at(-1)?.fields.push({ name: field, type, value: attributes.get('value') ?? '' })
    }
  }
  return forms
}

interface Tag {
  readonly name: string
  readonly attributes: ReadonlyMap<string, string>
}

/** The elements whose content is not HTML. */
const rawElements = ['script', 'style', 'textarea', 'title']

function* tagsOf(html: string): Generator<Tag> {
  // Only ASCII letters: some others change their length, and so the offsets.
  const lower = html.replace(/[A-Z]+/g, letters => letters.toLowerCase())
  let position = html.indexOf('<')
  while (position >= 0) {
    if (html.startsWith('<!--', position)) {
      const end = html.indexOf('-->', position + 4)
      if (end < 0) return
      position = html.indexOf('<', end)
      continue
    }
    const tagName = /\/?[a-z][^\s/>]*/iy
    tagName.lastIndex = position + 1
    const name = tagName.exec(html)?.[0].toLowerCase()
    if (name === undefined) {
      position = html.indexOf('<', position + 1)
      continue
    }
    const { attributes, end } = attributesAt(html, tagName.lastIndex)
    yield { name, attributes }
    const next = rawElements.includes(name) ? lower.indexOf(`</${name}`, end) : end
    if (next < 0) return
    position = html.indexOf('<', next)
  }
}

/** Reads the attributes of a tag, up to its `>`. */
function attributesAt(
  html: string,
  start: number,
): { attributes: Map<string, string>; end: number } {
  const attributes = new Map<string, string>()
  const attribute = /[\s/]*(?:([^\s/>=]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>"']*)))?|=)/y
  attribute.lastIndex = start
  let end = start
  for (let match = attribute.exec(html); match; match = attribute.exec(html)) {
    end = attribute.lastIndex
    const name = match[1]?.toLowerCase()
    if (name !== undefined && !attributes.has(name)) {
      attributes.set(name, decodeReferences(match[2] ?? match[3] ?? match[4] ?? ''))
    }
  }
  return { attributes, end }
}

const named: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

/** Decodes numeric character references, and the named ones that escape functions write. */
function decodeReferences(text: string): string {
  return text.replace(
    /&(?:#x([\da-f]{1,6})|#(\d{1,7})|(amp|lt|gt|quot|apos));/gi,
    (all, hex, decimal, name) => {
      if (name !== undefined) return named[name.toLowerCase()] as string
      const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16)
      return code <= 0x10ffff ? String.fromCodePoint(code) : all
    },
  )
}
