/**
 * Numbers, durations and times as pages show them.
 *
 * @module
 */

import { type Html, html } from '../lib/html.ts'

/** `1,234`. */
export function count(value: number): string {
  return value.toLocaleString('en')
}

/** `1 session`, `2 sessions`. */
export function plural(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`
}

/** `0.4 ms`, `120 ms`, `1.5 s`; a dash for undefined. */
export function duration(ms: number | undefined): string {
  if (ms === undefined) return '–'
  if (ms >= 1000) return `${(ms / 1000).toFixed(1)} s`
  if (ms < 0.1) return '<0.1 ms'
  return ms < 10 ? `${ms.toFixed(1)} ms` : `${Math.round(ms)} ms`
}

const units = [
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
  ['second', 1],
] as const

/** `3 minutes ago`, `in 2 hours`, with the exact time in UTC as its title. */
export function time(at: Date | undefined, nowMs: number): Html {
  if (!at || Number.isNaN(at.getTime())) return html`<span class="muted">unknown</span>`
  const seconds = Math.round((at.getTime() - nowMs) / 1000)
  return html`<time datetime="${at.toISOString()}" title="${utc(at)}">${relative(seconds)}</time>`
}

/** {@link time}, followed by the exact time. */
export function exactTime(at: Date, nowMs: number): Html {
  return html`${time(at, nowMs)}<small>${Number.isNaN(at.getTime()) ? '' : utc(at)}</small>`
}

/** `2026-01-31 12:05:09 UTC`. */
export function utc(at: Date): string {
  return `${at.toISOString().slice(0, 19).replace('T', ' ')} UTC`
}

/** `12:05:09`, in UTC. */
export function clock(atMs: number): string {
  return new Date(atMs).toISOString().slice(11, 19)
}

function relative(seconds: number): string {
  const size = Math.abs(seconds)
  const [unit, length] = units.find(([, each]) => size >= each) ?? units[3]
  if (size < 1) return 'now'
  const amount = plural(Math.floor(size / length), unit)
  return seconds < 0 ? `${amount} ago` : `in ${amount}`
}

/** Cuts a long text between characters. */
export function cut(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length).replace(/[\ud800-\udbff]$/, '')}…`
}
