/**
 * The style, the script and the icon, as modules, so that bundlers and runtimes without files have them.
 *
 * @module
 */

import { encodeBase64Url, utf8Bytes } from '#bytes'
import { sha256 } from '#crypto'
import { urlOf } from '../urls.ts'
import { icon } from './icon.ts'
import { script } from './script.ts'
import { style } from './style.ts'

const types = {
  'style.css': 'text/css; charset=utf-8',
  'script.js': 'text/javascript; charset=utf-8',
  'icon.svg': 'image/svg+xml',
} as const

const contents: Readonly<Record<keyof typeof types, string>> = {
  'style.css': style,
  'script.js': script,
  'icon.svg': icon,
}

function urlOfAsset(name: keyof typeof types): string {
  const hash = encodeBase64Url(sha256(utf8Bytes(contents[name]))).slice(0, 12)
  return urlOf({ asset: name, hash })
}

/** The URLs contain a hash of the content. */
export const assetUrls: { readonly style: string; readonly script: string; readonly icon: string } =
  {
    style: urlOfAsset('style.css'),
    script: urlOfAsset('script.js'),
    icon: urlOfAsset('icon.svg'),
  }

/** A file, and whether it may be cached: not if another release asks for it by its own hash. */
export interface Asset {
  readonly type: string
  readonly content: string
  readonly isCacheable: boolean
}

/** The asset of this name; undefined if there is none. */
export function findAsset(name: string, query: string): Asset | undefined {
  if (!Object.hasOwn(types, name)) return undefined
  const known = name as keyof typeof types
  return {
    type: types[known],
    content: contents[known],
    isCacheable: (Object.values(assetUrls) as string[]).includes(query),
  }
}
