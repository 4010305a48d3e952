"""What the commands around the puller do: one public function per command, over frozen data and ports."""
