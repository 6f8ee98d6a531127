import type { SessionOf } from 'silverback'
import type { login } from './sessions.server'

declare global {
  namespace App {
    interface Locals {
      session: SessionOf<typeof login>
    }
  }
}
