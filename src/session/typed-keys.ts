/**
 * The keys that the methods of a typed session accept. An untyped session accepts any string.
 *
 * @module
 */

/** The keys of `T` whose values are numbers, or are unknown. */
export type NumberKey<T extends object> = {
  [Key in keyof T & string]-?: unknown extends T[Key]
    ? Key
    : [Exclude<T[Key], undefined>] extends [number]
      ? Key
      : never
}[keyof T & string]

/** The keys of `T` whose values can be lists. */
export type ListKey<T extends object> = {
  [Key in keyof T & string]-?: unknown extends T[Key]
    ? Key
    : NonNullable<T[Key]> extends readonly unknown[]
      ? Key
      : never
}[keyof T & string]

/** The type of the items of a list; `unknown` for a value of unknown type. */
export type ListItem<List> = NonNullable<List> extends readonly (infer Item)[] ? Item : unknown

/** The keys that both have. */
export type SharedKey<T extends object, Other extends object> = keyof T & keyof Other & string

/** Functions that combine the values of two sessions, by key. */
export type Combine<T extends object, Other extends object> = {
  readonly [Key in SharedKey<T, Other>]?: (
    mine: Exclude<T[Key], undefined>,
    theirs: Exclude<Other[Key], undefined>,
  ) => T[Key]
}
