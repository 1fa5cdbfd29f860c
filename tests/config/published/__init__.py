"""Every experiment of a published codebase: what real mmcv does with the old config, real mmengine with the new one."""
