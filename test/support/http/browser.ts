/** Starts a real browser. */

import { type Browser, chromium } from 'playwright-core'
import { findProgram } from '../services/programs.ts'

/** Starts Chromium, headless and without connections of its own to the internet. */
export function launchBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: findProgram('chromium') as string,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  })
}
