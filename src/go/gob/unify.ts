/**
 * Merges the types of all structs with the same name.
 *
 * Structs made separately may lack different fields, and then have different types. But Go's decoder uses
 * the first definition that it finds inside a struct for every use of that Go type, and with a different
 * definition it would put values into the wrong fields.
 *
 * @module
 */

import { type Field, isSameOnWire, type StructType, type Type, typeText } from './types.ts'

/** Replaces all structs of the same name in the types by one struct with the fields of all of them. */
export function unify(types: readonly Type[]): readonly Type[] {
  const groups = groupsByName(structsIn(types))
  if (groups.every(group => group.length === 1)) return types
  const merger = new Merger(groups)
  return types.map(type => merger.replace(type))
}

function structsIn(types: readonly Type[]): StructType[] {
  const seen = new Set<Type>(types)
  // Iterating over a Set also visits the types added during the iteration.
  for (const type of seen) for (const part of partsOf(type)) seen.add(part)
  return [...seen].filter(type => type.kind === 'struct')
}

function partsOf(type: Type): Type[] {
  switch (type.kind) {
    case 'slice':
    case 'array':
      return [type.elem]
    case 'map':
      return [type.key, type.elem]
    case 'struct':
      return type.fields.map(field => field.type)
    default:
      return []
  }
}

function groupsByName(structs: readonly StructType[]): StructType[][] {
  const groups: StructType[][] = []
  for (const struct of structs) {
    const group = groups.find(([first]) => isSameName(first!, struct))
    if (group === undefined) groups.push([struct])
    else group.push(struct)
  }
  return groups
}

/** Types that were read from a stream have a name without the package, or none. */
function isSameName(a: StructType, b: StructType): boolean {
  if (a.text !== '' && b.text !== '') return a.text.replace(/^\*/, '') === b.text.replace(/^\*/, '')
  return a.wireName !== '' && a.wireName === b.wireName
}

class Merger {
  private readonly replacements = new Map<Type, Type>()

  constructor(groups: readonly StructType[][]) {
    const merged = groups.map(withoutFields)
    // Register all structs before adding fields, because they may contain each other.
    for (const [i, group] of groups.entries()) {
      for (const struct of group) this.replacements.set(struct, merged[i]!)
    }
    for (const [i, group] of groups.entries()) {
      for (const field of group.flatMap(struct => struct.fields)) this.add(merged[i]!, field)
    }
  }

  replace(type: Type): Type {
    let replacement = this.replacements.get(type)
    if (replacement === undefined) {
      replacement = this.rebuild(type)
      this.replacements.set(type, replacement)
    }
    return replacement
  }

  private rebuild(type: Type): Type {
    switch (type.kind) {
      case 'slice':
      case 'array':
        return { ...type, elem: this.replace(type.elem) }
      case 'map':
        return { ...type, key: this.replace(type.key), elem: this.replace(type.elem) }
      default:
        return type
    }
  }

  private add(struct: StructType, { name, type }: Field): void {
    const known = struct.fields.find(field => field.name === name)
    if (known === undefined) {
      struct.fields.push({ name, type: this.replace(type) })
    } else if (!isSameOnWire(known.type, type)) {
      const types = `${typeText(known.type)} and ${typeText(type)}`
      throw new TypeError(`go.struct: field ${name} of ${struct.text} has two types, ${types}`)
    }
  }
}

function withoutFields(group: readonly StructType[]): StructType {
  const { text, wireName } = group.find(struct => struct.text !== '') ?? group[0]!
  return { kind: 'struct', text, wireName, fields: [] }
}
