/** Loaded into a service with `--import`: tells the process that started it how late the event loop comes round. */
import { monitorEventLoopDelay } from 'node:perf_hooks';

const delays = monitorEventLoopDelay({ resolution: 1 });
delays.enable();
process.on('message', (question) => {
  if (question === 'reset') {
    delays.reset();
    process.send?.('reset');
  } else {
    const milliseconds = (nanoseconds: number) => nanoseconds / 1e6;
    process.send?.({
      p50: milliseconds(delays.percentile(50)),
      p99: milliseconds(delays.percentile(99)),
      max: milliseconds(delays.max),
    });
  }
});
// Being asked is no reason to stay alive.
process.channel?.unref();
