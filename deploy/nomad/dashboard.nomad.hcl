# Thaman's dashboard: api and worker. Needs the jobs postgres and nats (or servers of your own) and the variables
# of docs/guides/deploying.md under nomad/jobs/thaman-dashboard.
variable "image" {
  type        = string
  description = "The image, with a tag that is never moved."
}

variable "datacenters" {
  type    = list(string)
  default = ["dc1"]
}

variable "public_url" {
  type        = string
  description = "Where merchants' browsers reach the dashboard."
}

variable "onboarding_public_url" {
  type        = string
  default     = ""
  description = "Where browsers reach onboarding, whose page merchants arrive from."
}

variable "salla_app_id" {
  type        = string
  default     = ""
  description = "Salla's number of the app, for its page inside Salla's admin."
}

variable "grace_seconds" {
  type        = number
  default     = 10
  description = "How long an answer to a proposal can be taken back, from 0 to 60."
}

job "thaman-dashboard" {
  datacenters = var.datacenters
  type        = "service"

  update {
    max_parallel      = 1
    min_healthy_time  = "15s"
    healthy_deadline  = "3m"
    progress_deadline = "10m"
    auto_revert       = true
    canary            = 1
  }

  group "api" {
    count = 2

    network {
      port "http" { to = 8080 }
      port "health" { to = 9080 }
    }

    restart {
      attempts = 5
      interval = "5m"
      delay    = "10s"
      mode     = "delay"
    }

    reschedule {
      delay          = "15s"
      delay_function = "exponential"
      max_delay      = "10m"
      unlimited      = true
    }

    service {
      name     = "thaman-dashboard-api"
      provider = "nomad"
      port     = "http"

      check {
        type     = "http"
        port     = "health"
        path     = "/readyz"
        interval = "10s"
        timeout  = "3s"
      }
    }

    task "migrate" {
      driver = "docker"

      lifecycle {
        hook    = "prestart"
        sidecar = false
      }

      config {
        image           = var.image
        command         = "thaman"
        args            = ["migrate"]
        readonly_rootfs = true
        cap_drop        = ["all"]
        security_opt    = ["no-new-privileges"]
        mount {
          type   = "tmpfs"
          target = "/tmp"
        }
      }

      template {
        destination = "secrets/migrate.env"
        env         = true
        data        = <<-TEMPLATE
          {{ with $v := nomadVar "nomad/jobs/thaman-dashboard" }}
          THAMAN_DASHBOARD_DB_PASSWORD={{ $v.db_password }}
          THAMAN_NATS_USER=provision
          THAMAN_NATS_PASSWORD={{ $v.nats_provision_password }}
          {{ range nomadService "thaman-postgres" }}THAMAN_DATABASE_URL=postgresql://postgres:{{ $v.db_admin_password }}@{{ .Address }}:{{ .Port }}/thaman
          {{ end }}{{ range nomadService "thaman-nats" }}THAMAN_NATS_URL=nats://{{ .Address }}:{{ .Port }}
          {{ end }}{{ end }}
        TEMPLATE
      }

      resources {
        cpu    = 100
        memory = 256
      }
    }

    task "api" {
      driver       = "docker"
      kill_signal  = "SIGTERM"
      kill_timeout = "30s"

      config {
        image           = var.image
        command         = "python"
        args            = ["-m", "thaman_dashboard", "api"]
        ports           = ["http", "health"]
        readonly_rootfs = true
        cap_drop        = ["all"]
        security_opt    = ["no-new-privileges"]
        mount {
          type   = "tmpfs"
          target = "/tmp"
        }
      }

      env {
        THAMAN_ENVIRONMENT = "production"
        THAMAN_LOG_FORMAT  = "json"
        THAMAN_HTTP_HOST   = "0.0.0.0"
        THAMAN_HTTP_PORT   = "8080"
        THAMAN_HEALTH_HOST = "0.0.0.0"
        THAMAN_HEALTH_PORT = "9080"
        THAMAN_PUBLIC_URL  = var.public_url
        THAMAN_ONBOARDING_PUBLIC_URL = var.onboarding_public_url
        THAMAN_DASHBOARD_SALLA_APP_ID = var.salla_app_id
        THAMAN_DASHBOARD_GRACE_SECONDS = var.grace_seconds
      }

      template {
        destination = "secrets/service.env"
        env         = true
        data        = <<-TEMPLATE
          {{ with $v := nomadVar "nomad/jobs/thaman-dashboard" }}
          THAMAN_NATS_USER=dashboard
          THAMAN_NATS_PASSWORD={{ $v.nats_password }}
          THAMAN_DASHBOARD_API_KEY={{ $v.dashboard_api_key }}
          THAMAN_HANDOVER_KEY={{ $v.handover_key }}
          THAMAN_API_KEY_PEPPER={{ $v.api_key_pepper }}
          {{ range nomadService "thaman-postgres" }}THAMAN_DATABASE_URL=postgresql://dashboard_app:{{ $v.db_password }}@{{ .Address }}:{{ .Port }}/thaman
          {{ end }}{{ range nomadService "thaman-nats" }}THAMAN_NATS_URL=nats://{{ .Address }}:{{ .Port }}
          {{ end }}{{ range nomadService "thaman-onboarding-api" }}THAMAN_DASHBOARD_ONBOARDING_URL=http://{{ .Address }}:{{ .Port }}
          {{ end }}{{ range nomadService "thaman-scheduler-api" }}THAMAN_DASHBOARD_SCHEDULER_URL=http://{{ .Address }}:{{ .Port }}
          {{ end }}{{ range nomadService "thaman-optimizer-api" }}THAMAN_DASHBOARD_OPTIMIZER_URL=http://{{ .Address }}:{{ .Port }}
          {{ end }}{{ range nomadService "thaman-audit-api" }}THAMAN_DASHBOARD_AUDIT_URL=http://{{ .Address }}:{{ .Port }}
          {{ end }}{{ end }}
        TEMPLATE
      }

      resources {
        cpu        = 300
        memory     = 256
        memory_max = 512
      }
    }
  }

  group "worker" {
    count = 2

    network {
      port "health" { to = 9080 }
    }

    restart {
      attempts = 5
      interval = "5m"
      delay    = "10s"
      mode     = "delay"
    }

    reschedule {
      delay          = "15s"
      delay_function = "exponential"
      max_delay      = "10m"
      unlimited      = true
    }

    service {
      name     = "thaman-dashboard-worker"
      provider = "nomad"
      port     = "health"

      check {
        type     = "http"
        port     = "health"
        path     = "/readyz"
        interval = "10s"
        timeout  = "3s"
      }
    }

    task "worker" {
      driver       = "docker"
      kill_signal  = "SIGTERM"
      kill_timeout = "30s"

      config {
        image           = var.image
        command         = "python"
        args            = ["-m", "thaman_dashboard", "worker"]
        ports           = ["health"]
        readonly_rootfs = true
        cap_drop        = ["all"]
        security_opt    = ["no-new-privileges"]
        mount {
          type   = "tmpfs"
          target = "/tmp"
        }
      }

      env {
        THAMAN_ENVIRONMENT = "production"
        THAMAN_LOG_FORMAT  = "json"
        THAMAN_HTTP_HOST   = "0.0.0.0"
        THAMAN_HTTP_PORT   = "8080"
        THAMAN_HEALTH_HOST = "0.0.0.0"
        THAMAN_HEALTH_PORT = "9080"
        THAMAN_PUBLIC_URL  = var.public_url
      }

      template {
        destination = "secrets/service.env"
        env         = true
        data        = <<-TEMPLATE
          {{ with $v := nomadVar "nomad/jobs/thaman-dashboard" }}
          THAMAN_NATS_USER=dashboard
          THAMAN_NATS_PASSWORD={{ $v.nats_password }}
          THAMAN_API_KEY_PEPPER={{ $v.api_key_pepper }}
          {{ range nomadService "thaman-postgres" }}THAMAN_DATABASE_URL=postgresql://dashboard_app:{{ $v.db_password }}@{{ .Address }}:{{ .Port }}/thaman
          {{ end }}{{ range nomadService "thaman-nats" }}THAMAN_NATS_URL=nats://{{ .Address }}:{{ .Port }}
          {{ end }}{{ end }}
        TEMPLATE
      }

      resources {
        cpu        = 300
        memory     = 256
        memory_max = 512
      }
    }
  }
}
