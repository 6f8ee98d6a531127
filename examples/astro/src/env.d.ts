declare namespace App {
  interface Locals {
    session: import('silverback').SessionOf<typeof import('./sessions').login>
  }
}
