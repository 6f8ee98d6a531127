/**
 * Flash messages: what one request says and a later one shows, once. Forms that were sent come back
 * the same way.
 *
 * @module
 */

import { type FormLike, fieldsToKeep, type InputOptions, pairsOf } from './form-fields.ts'

/** The key under which `flashes()` and `addFlash()` keep their messages: gorilla's. */
export const flashKey = '_flash'

/** The keys of a form's fields, and of what is wrong with them: names and texts in turn. */
const inputKey = '_input'
const errorsKey = '_errors'

export type FlashLevel = 'success' | 'info' | 'warning' | 'error'

/** A message that says how good or bad its news is. */
export interface FlashMessage {
  level: FlashLevel
  text: string
}

const message =
  (level: FlashLevel) =>
  (text: string): FlashMessage => ({ level, text })

/** Messages with a level, for whatever takes messages: `session.addFlash(flash.success('Saved'))`. */
export const flash: Readonly<Record<FlashLevel, (text: string) => FlashMessage>> = {
  success: message('success'),
  info: message('info'),
  warning: message('warning'),
  error: message('error'),
}

/** What is wrong with the fields of a form, by the name of the field. */
export type FieldErrors = Readonly<Record<string, string | readonly string[] | undefined>>

/**
 * The messages of a session in one request. What later requests get is in the session's values; what
 * this request has seen is here.
 */
export class Flash {
  readonly #session: { readonly values: object }
  readonly #lists: Set<string>
  #taken: Map<string, unknown[]> | undefined
  #now: Map<string, unknown[]> | undefined
  #forms: Map<string, [string, string][]> | undefined

  /** `lists` gets the keys whose lists changed, for stores that merge. */
  constructor(session: { readonly values: object }, lists: Set<string>) {
    this.#session = session
    this.#lists = lists
  }

  add(key: string, ...messages: readonly unknown[]): void {
    this.#put(key, [...this.#kept(key), ...messages])
  }

  /** Messages for this request alone. */
  addNow(key: string, message: unknown): void {
    this.#now ??= new Map()
    this.#now.set(key, [...(this.#now.get(key) ?? []), message])
  }

  peek(key: string): unknown[] {
    return [...this.#kept(key), ...(this.#now?.get(key) ?? [])]
  }

  take(key: string): unknown[] {
    const messages = this.peek(key)
    this.noteTaken(key, this.#kept(key))
    this.#put(key, [])
    this.#now?.delete(key)
    return messages
  }

  /** Remembers what was taken, for {@link keep}. */
  noteTaken(key: string, messages: readonly unknown[]): void {
    if (messages.length === 0) return
    this.#taken ??= new Map()
    this.#taken.set(key, [...(this.#taken.get(key) ?? []), ...messages])
  }

  /** What was taken in this request is there again, in front. */
  keep(key: string): void {
    const taken = this.#taken?.get(key)
    if (!taken) return
    this.#put(key, [...taken, ...this.#kept(key)])
    this.#taken?.delete(key)
  }

  setInput(form: FormLike, options: InputOptions): void {
    this.#setForm(inputKey, fieldsToKeep(form, options))
  }

  input(): URLSearchParams {
    return new URLSearchParams(this.#form(inputKey))
  }

  setErrors(errors: FieldErrors): void {
    this.#setForm(errorsKey, pairsOf(errors))
  }

  errors(): Map<string, string[]> {
    const byField = new Map<string, string[]>()
    for (const [field, text] of this.#form(errorsKey)) {
      const texts = byField.get(field)
      if (texts) texts.push(text)
      else byField.set(field, [text])
    }
    return byField
  }

  /** In place of an earlier one, and flat: lists of texts are what every serializer carries, and Go. */
  #setForm(key: string, fields: readonly [string, string][]): void {
    this.#forms?.delete(key)
    this.#put(key, fields.flat())
  }

  /** Taken at the first look; whoever looks again in this request sees the same. */
  #form(key: string): [string, string][] {
    const seen = this.#forms?.get(key)
    if (seen && this.#kept(key).length === 0) return seen
    const flat = this.take(key).map(each => (typeof each === 'string' ? each : ''))
    const fields = flat.flatMap((name, index): [string, string][] =>
      index % 2 === 0 ? [[name, flat[index + 1] ?? '']] : [],
    )
    this.#forms ??= new Map()
    this.#forms.set(key, fields)
    return fields
  }

  #kept(key: string): readonly unknown[] {
    const { values } = this.#session
    const messages = Object.hasOwn(values, key) ? (values as Record<string, unknown>)[key] : []
    if (!Array.isArray(messages)) {
      throw new TypeError(`values.${key} is not a list of flash messages; use another key`)
    }
    return messages
  }

  /** Not an assignment: the key may be any string, `__proto__` included. */
  #put(key: string, value: readonly unknown[]): void {
    this.#lists.add(key)
    const { values } = this.#session
    if (value.length === 0) {
      if (Object.hasOwn(values, key)) delete (values as Record<string, unknown>)[key]
    } else {
      Object.defineProperty(values, key, {
        value,
        configurable: true,
        enumerable: true,
        writable: true,
      })
    }
  }
}
