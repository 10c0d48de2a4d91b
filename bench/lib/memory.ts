import { readFileSync } from 'node:fs'

export interface MemoryWatch {
  /** Highest resident memory seen so far, in MB (10⁶ bytes); null where the system does not tell. */
  peakMB(): number | null
  /** Ends the watch and gives the peak. */
  stop(): number | null
}

/**
 * Watches a process's highest resident memory. Linux keeps the mark itself (VmHWM), so a look every 50 ms loses at most what
 * the last 50 ms added; other systems give null.
 */
export function watchMemory(pid: number | undefined, everyMs = 50): MemoryWatch {
  let peak: number | null = null
  const look = () => {
    if (pid !== undefined) peak = highWaterMB(pid) ?? peak
  }
  const timer = setInterval(look, everyMs)
  timer.unref()
  look()
  return {
    peakMB: () => {
      look()
      return peak
    },
    stop: () => {
      look()
      clearInterval(timer)
      return peak
    },
  }
}

/** A process's highest resident memory in MB; null when it is gone or the system does not tell. */
function highWaterMB(pid: number): number | null {
  try {
    const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
    return kilobytes === undefined ? null : (Number(kilobytes) * 1024) / 1e6
  } catch {
    return null
  }
}

/** This process's own highest resident memory in MB, on every system. */
export function ownPeakMB(): number {
  return (process.resourceUsage().maxRSS * 1024) / 1e6
}
