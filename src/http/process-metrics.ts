/**
 * The process in Prometheus's own names for it. Not by `collectDefaultMetrics` of prom-client: that one never lets go
 * of the observers it starts, and each service of a process would start its own.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Counter, Gauge, type Registry } from 'prom-client';

/** How often the event loop is asked, in ms. */
const RESOLUTION_MS = 10;
const NANOSECONDS = 1e9;

/** Adds the gauges of the process to the registry; what is returned lets go of what they hold. */
export function addProcessMetrics(registry: Registry): () => void {
  const registers = [registry];
  new Counter({
    name: 'process_cpu_seconds_total',
    help: 'Processor time of the process and its threads, in seconds.',
    registers,
    collect() {
      const { user, system } = process.cpuUsage();
      this.reset();
      this.inc((user + system) / 1e6);
    },
  });
  new Gauge({
    name: 'process_resident_memory_bytes',
    help: 'Resident memory, in bytes.',
    registers,
    collect() {
      this.set(process.memoryUsage.rss());
    },
  });
  new Gauge({
    name: 'process_start_time_seconds',
    help: 'When the process started, in seconds since 1970.',
    registers,
  }).set(Math.round(performance.timeOrigin / 1000));
  new Gauge({
    name: 'nodejs_heap_size_used_bytes',
    help: "Used part of the main thread's JavaScript heap, in bytes.",
    registers,
    collect() {
      this.set(process.memoryUsage().heapUsed);
    },
  });
  return addEventLoopDelay(registry);
}

function addEventLoopDelay(registry: Registry): () => void {
  const delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delays.enable();
  // The monitor's figures are the time between two looks, of which its own pause is the larger part.
  const seconds = (nanoseconds: number): number =>
    Math.max(0, (nanoseconds - RESOLUTION_MS * 1e6) / NANOSECONDS);
  new Gauge({
    name: 'nearpaper_event_loop_delay_seconds',
    help: 'How much later than due the event loop came round since the last scrape: p50, p99, max.',
    labelNames: ['statistic'],
    registers: [registry],
    collect() {
      this.set({ statistic: 'p50' }, seconds(delays.percentile(50)));
      this.set({ statistic: 'p99' }, seconds(delays.percentile(99)));
      this.set({ statistic: 'max' }, seconds(delays.max));
      delays.reset();
    },
  });
  return () => void delays.disable();
}
