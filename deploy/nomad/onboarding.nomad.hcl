# Thaman's onboarding: api, worker and relay. Needs the jobs postgres and nats (or servers of your own) and the variables
# of docs/guides/deploying.md under nomad/jobs/thaman-onboarding.
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
  description = "Where browsers and Salla reach onboarding."
}

variable "dashboard_url" {
  type        = string
  default     = ""
  description = "Where merchants' browsers reach the dashboard, which the page after connecting leads to."
}

job "thaman-onboarding" {
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
      name     = "thaman-onboarding-api"
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
          {{ with $v := nomadVar "nomad/jobs/thaman-onboarding" }}
          THAMAN_ONBOARDING_DB_PASSWORD={{ $v.db_password }}
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
        args            = ["-m", "thaman_onboarding", "api"]
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
        THAMAN_DASHBOARD_URL = var.dashboard_url
        THAMAN_WEBHOOK_STRATEGY = "signature"
      }

      template {
        destination = "secrets/service.env"
        env         = true
        data        = <<-TEMPLATE
          {{ with $v := nomadVar "nomad/jobs/thaman-onboarding" }}
          THAMAN_NATS_USER=onboarding
          THAMAN_NATS_PASSWORD={{ $v.nats_password }}
          THAMAN_API_KEY_PEPPER={{ $v.api_key_pepper }}
          {{ range nomadService "thaman-postgres" }}THAMAN_DATABASE_URL=postgresql://onboarding_app:{{ $v.db_password }}@{{ .Address }}:{{ .Port }}/thaman
          {{ end }}{{ range nomadService "thaman-nats" }}THAMAN_NATS_URL=nats://{{ .Address }}:{{ .Port }}
          {{ end }}THAMAN_SALLA_CLIENT_ID={{ $v.salla_client_id }}
          THAMAN_SALLA_CLIENT_SECRET={{ $v.salla_client_secret }}
          THAMAN_WEBHOOK_SECRET={{ $v.salla_webhook_secret }}
          THAMAN_VAULT_KEYS={{ $v.vault_keys }}
          THAMAN_HANDOVER_KEY={{ $v.handover_key }}
          {{ end }}
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
      name     = "thaman-onboarding-worker"
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
        args            = ["-m", "thaman_onboarding", "worker"]
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
        THAMAN_WEBHOOK_STRATEGY = "signature"
      }

      template {
        destination = "secrets/service.env"
        env         = true
        data        = <<-TEMPLATE
          {{ with $v := nomadVar "nomad/jobs/thaman-onboarding" }}
          THAMAN_NATS_USER=onboarding
          THAMAN_NATS_PASSWORD={{ $v.nats_password }}
          THAMAN_API_KEY_PEPPER={{ $v.api_key_pepper }}
          {{ range nomadService "thaman-postgres" }}THAMAN_DATABASE_URL=postgresql://onboarding_app:{{ $v.db_password }}@{{ .Address }}:{{ .Port }}/thaman
          {{ end }}{{ range nomadService "thaman-nats" }}THAMAN_NATS_URL=nats://{{ .Address }}:{{ .Port }}
          {{ end }}THAMAN_SALLA_CLIENT_ID={{ $v.salla_client_id }}
          THAMAN_SALLA_CLIENT_SECRET={{ $v.salla_client_secret }}
          THAMAN_WEBHOOK_SECRET={{ $v.salla_webhook_secret }}
          THAMAN_VAULT_KEYS={{ $v.vault_keys }}
          {{ end }}
        TEMPLATE
      }

      resources {
        cpu        = 300
        memory     = 256
        memory_max = 512
      }
    }
  }

  group "relay" {
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
      name     = "thaman-onboarding-relay"
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

    task "relay" {
      driver       = "docker"
      kill_signal  = "SIGTERM"
      kill_timeout = "30s"

      config {
        image           = var.image
        command         = "python"
        args            = ["-m", "thaman_onboarding", "relay"]
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
        THAMAN_WEBHOOK_STRATEGY = "signature"
      }

      template {
        destination = "secrets/service.env"
        env         = true
        data        = <<-TEMPLATE
          {{ with $v := nomadVar "nomad/jobs/thaman-onboarding" }}
          THAMAN_NATS_USER=onboarding
          THAMAN_NATS_PASSWORD={{ $v.nats_password }}
          THAMAN_API_KEY_PEPPER={{ $v.api_key_pepper }}
          {{ range nomadService "thaman-postgres" }}THAMAN_DATABASE_URL=postgresql://onboarding_app:{{ $v.db_password }}@{{ .Address }}:{{ .Port }}/thaman
          {{ end }}{{ range nomadService "thaman-nats" }}THAMAN_NATS_URL=nats://{{ .Address }}:{{ .Port }}
          {{ end }}THAMAN_SALLA_CLIENT_ID={{ $v.salla_client_id }}
          THAMAN_SALLA_CLIENT_SECRET={{ $v.salla_client_secret }}
          THAMAN_WEBHOOK_SECRET={{ $v.salla_webhook_secret }}
          THAMAN_VAULT_KEYS={{ $v.vault_keys }}
          {{ end }}
        TEMPLATE
      }

      resources {
        cpu        = 100
        memory     = 256
        memory_max = 512
      }
    }
  }
}
