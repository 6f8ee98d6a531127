import type { Session } from 'silverback'

declare global {
  namespace App {
    interface Locals {
      session: Session
    }
  }
}
