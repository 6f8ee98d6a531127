/**
 * Flash messages: one request adds them and a later request shows them once. Submitted form fields
 * and their errors use the same mechanism.
 *
 * @module
 */

import { setOwn } from '../lib/plain-object.ts'
import { type FormLike, fieldsToKeep, type InputOptions, pairsOf } from './form-fields.ts'
import { errorsKey, inputKey } from './reserved-keys.ts'

export { flashKey } from './reserved-keys.ts'

export type FlashLevel = 'success' | 'info' | 'warning' | 'error'

/** A message with a severity level. */
export interface FlashMessage {
  level: FlashLevel
  text: string
}

const message =
  (level: FlashLevel) =>
  (text: string): FlashMessage => ({ level, text })

/** Builds messages with a level: `session.addFlash(flash.success('Saved'))`. */
export const flash: Readonly<Record<FlashLevel, (text: string) => FlashMessage>> = {
  success: message('success'),
  info: message('info'),
  warning: message('warning'),
  error: message('error'),
}

/** Error messages by name of the form field. */
export type FieldErrors = Readonly<Record<string, string | readonly string[] | undefined>>

/**
 * The flash messages of a session during one request. Messages for later requests are in the session's
 * values; the state of this request is kept here.
 */
export class Flash {
  readonly #session: { readonly values: object }
  readonly #noteList: (key: string) => void
  #taken: Map<string, unknown[]> | undefined
  #now: Map<string, unknown[]> | undefined
  #forms: Map<string, [string, string][]> | undefined

  /** @param noteList - called with the key of every list that changes, for stores that merge */
  constructor(session: { readonly values: object }, noteList: (key: string) => void) {
    this.#session = session
    this.#noteList = noteList
  }

  add(key: string, ...messages: readonly unknown[]): void {
    this.#put(key, [...this.#pending(key), ...messages])
  }

  /** Adds a message for this request only. */
  addNow(key: string, message: unknown): void {
    this.#now ??= new Map()
    this.#now.set(key, [...(this.#now.get(key) ?? []), message])
  }

  peek(key: string): unknown[] {
    return [...this.#pending(key), ...(this.#now?.get(key) ?? [])]
  }

  take(key: string): unknown[] {
    const messages = this.peek(key)
    this.noteTaken(key, this.#pending(key))
    this.#put(key, [])
    this.#now?.delete(key)
    return messages
  }

  /** Remembers messages that were taken, for {@link keep}. */
  noteTaken(key: string, messages: readonly unknown[]): void {
    if (messages.length === 0) return
    this.#taken ??= new Map()
    this.#taken.set(key, [...(this.#taken.get(key) ?? []), ...messages])
  }

  /** Puts the messages taken during this request back, in front of any others. */
  keep(key: string): void {
    const taken = this.#taken?.get(key)
    if (!taken) return
    this.#put(key, [...taken, ...this.#pending(key)])
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

  /** Replaces an earlier form. Stored as a flat list of strings, which every serializer supports, also Go's. */
  #setForm(key: string, fields: readonly [string, string][]): void {
    this.#forms?.delete(key)
    this.#put(key, fields.flat())
  }

  /** Takes the form when it is first read. Later reads during this request return the same fields. */
  #form(key: string): [string, string][] {
    const seen = this.#forms?.get(key)
    if (seen && this.#pending(key).length === 0) return seen
    const flat = this.take(key).map(each => (typeof each === 'string' ? each : ''))
    const fields = flat.flatMap((name, index): [string, string][] =>
      index % 2 === 0 ? [[name, flat[index + 1] ?? '']] : [],
    )
    this.#forms ??= new Map()
    this.#forms.set(key, fields)
    return fields
  }

  #pending(key: string): readonly unknown[] {
    const { values } = this.#session
    const messages = Object.hasOwn(values, key) ? (values as Record<string, unknown>)[key] : []
    if (!Array.isArray(messages)) {
      throw new TypeError(`values.${key} is not a list of flash messages; use another key`)
    }
    return messages
  }

  /** Defines the property, because an assignment would not work for the key `__proto__`. */
  #put(key: string, value: readonly unknown[]): void {
    this.#noteList(key)
    const { values } = this.#session
    if (value.length === 0) {
      if (Object.hasOwn(values, key)) delete (values as Record<string, unknown>)[key]
    } else {
      setOwn(values, key, value)
    }
  }
}
